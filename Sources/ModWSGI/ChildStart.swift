internal import CHTTPD
internal import CSystem

/// What an httpd child does before its first request, and after its last.
enum ChildStart {
    /// Runs in `child_init`, on the child's only thread.
    static func run(main: Server, _ pool: Pool) {
        // A parent that was killed cannot tell its children, and they listen to nobody else: they would keep the port
        // for ever, and answer 503 for every process group. No other signal reaches them, httpd blocks all.
        if !HostFacts.isSingleProcess { wsgi_end_with_parent() }
        ConfigBridge.isReading = false
        SupervisorLink.leaveToParent()
        if let board = unsafe ModuleState.board {
            ModuleState.child = unsafe wsgi_child_register(board)
        }
        if let plan = ModuleState.embedded, plan.isExpected { plan.startHere() }
        unsafe chttpd_cleanup(pool, nil, leave)
    }
}

/// Runs when the child's pool is destroyed, after its threads have ended.
private let leave: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { _ in
    ModuleState.embedded?.stop()
    for group in ModuleState.groups {
        for slot in group.slots { slot.closeIdle() }
    }
    if let board = unsafe ModuleState.board { unsafe wsgi_child_unregister(board, ModuleState.child) }
    return APR_SUCCESS
}
