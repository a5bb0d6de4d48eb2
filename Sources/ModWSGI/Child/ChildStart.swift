internal import CHTTPD
internal import CSystem
internal import ProcessKit

/// The work of an httpd child before its first request and after its last.
enum ChildStart {
    /// Runs in `child_init`, on the child's only thread.
    static func run(main: Server, _ pool: Pool) {
        // A killed parent cannot stop its children. They would keep the port forever and answer 503 for every process
        // group. Only this signal reaches them, because httpd blocks all others.
        if !MPM.isSingleProcess { wsgi_end_with_parent() }
        ConfigBridge.isReading = false
        Metrics.current = Metrics.current?.inChild()
        DaemonGroups.childScoreboard = DaemonGroups.scoreboard.map { ChildScoreboard(registering: $0) }
        if let plan = EmbeddedPlan.current, plan.isExpected { plan.startHere() }
        unsafe chttpd_cleanup(pool, nil, leave)
    }
}

/// Runs when the child's pool is destroyed, after its threads have ended.
private let leave: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { _ in
    EmbeddedPlan.current?.stop()
    for group in DaemonGroups.all {
        for slot in group.slots { slot.closeIdle() }
    }
    DaemonGroups.childScoreboard?.unregister()
    return APR_SUCCESS
}
