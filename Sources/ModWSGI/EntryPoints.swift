internal import CHTTPD
internal import CModule
internal import CSystem
internal import Glibc

/// Called when httpd has loaded the module, and at each restart: registers the hooks.
@c(wsgi_register_hooks)
func registerHooks(_ pool: OpaquePointer?) {
    unsafe ap_hook_pre_config(preConfig, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_check_config(checkConfig, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_check_config(reportFindings, nil, nil, APR_HOOK_REALLY_LAST)
    unsafe ap_hook_test_config(testConfig, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_post_config(postConfig, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_child_init(childInit, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_child_status(childStatus, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_child_stopping(childStopping, nil, nil, APR_HOOK_MIDDLE)
    unsafe ap_hook_monitor(monitor, nil, nil, APR_HOOK_MIDDLE)
    // `Alias` wins over WSGIScriptAlias, and both over per-user and mass virtual hosting.
    unsafe ap_hook_translate_name(
        translateName, moduleNames("mod_alias.c", in: pool),
        moduleNames("mod_userdir.c", "mod_vhost_alias.c", in: pool), APR_HOOK_MIDDLE)
    chttpd_register_filters()
    unsafe AuthenticationHooks.register(pool)
    unsafe ap_hook_handler(handle, nil, nil, APR_HOOK_MIDDLE)
}

private let preConfig: @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?) -> Int32 = { _, _, _ in
    ModuleState.reset()
    ConfigBridge.isReading = true
    return OK
}

private let checkConfig:
    @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Int32 = {
        _, _, _, main in
        unsafe main.map { unsafe Startup.check(main: $0) } ?? OK
    }

/// The last of the checks, under `httpd -t` only: its result is the exit status of that command.
private let reportFindings:
    @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Int32 = {
        _, _, _, main in
        guard chttpd_is_config_test(), let main = unsafe main else { return OK }
        let isGood = unsafe ConfigCheck.report(main: main)
        // A dump is asked for to find out what is wrong.
        return unsafe isGood || ap_exists_config_define("DUMP_WSGI") != 0 ? OK : HTTP_INTERNAL_SERVER_ERROR
    }

private let testConfig: @convention(c) (OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Void = { _, main in
    guard let main = unsafe main else { return }
    if unsafe ap_exists_config_define("DUMP_WSGI") != 0 { unsafe ConfigDump.print(main: main) }
}

private let postConfig:
    @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Int32 = {
        configuration, _, _, main in
        guard let configuration = unsafe configuration, let main = unsafe main, !chttpd_is_first_pass(),
            chttpd_is_running_normally()
        else { return OK }
        return unsafe Startup.run(main: main, configuration)
    }

private let childInit: @convention(c) (OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Void = { pool, main in
    if let pool = unsafe pool, let main = unsafe main { unsafe ChildStart.run(main: main, pool) }
}

/// Called in the parent: what a child that has ended still claims is given back, however it ended.
private let childStatus:
    @convention(c) (UnsafeMutablePointer<server_rec>?, pid_t, ap_generation_t, Int32, mpm_child_status) -> Void = {
        _, process, _, _, state in
        if state == MPM_CHILD_EXITED, let board = unsafe ModuleState.board { unsafe wsgi_child_ended(board, process) }
    }

private let childStopping: @convention(c) (OpaquePointer?, Int32) -> Void = { _, graceful in
    // A child that ends gracefully serves its requests to their end, also those that wait for a worker.
    if graceful == 0 { ModuleState.stop() }
}

/// Called in the parent every ten seconds or so.
private let monitor: @convention(c) (OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Int32 = { _, _ in
    SupervisorLink.look()
    return DECLINED
}

private let translateName: @convention(c) (UnsafeMutablePointer<request_rec>?) -> Int32 = { r in
    unsafe r.map { unsafe ScriptMapping.translate($0) } ?? DECLINED
}

private let handle: @convention(c) (UnsafeMutablePointer<request_rec>?) -> Int32 = { r in
    unsafe r.map { unsafe RequestRouter.handle($0) } ?? DECLINED
}

/// A list of module names as httpd's hooks want it, for the order among them.
///
/// - Parameter pool: That of the configuration: httpd keeps the list until it sorts the hooks.
func moduleNames(_ names: StaticString..., in pool: Pool?) -> UnsafePointer<UnsafePointer<CChar>?>? {
    let size = unsafe (names.count + 1) * MemoryLayout<UnsafePointer<CChar>?>.stride
    guard let pool = unsafe pool, let room = unsafe apr_palloc(pool, apr_size_t(size)) else { return nil }
    let list = unsafe room.bindMemory(to: UnsafePointer<CChar>?.self, capacity: names.count + 1)
    unsafe list.initialize(repeating: nil, count: names.count + 1)
    for (index, name) in names.enumerated() { unsafe list[index] = literal(name) }
    return unsafe UnsafePointer(list)
}
