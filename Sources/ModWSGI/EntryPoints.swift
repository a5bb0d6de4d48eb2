internal import CHTTPD
internal import CModule
internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGIDeployment

// The entry points of this target that mod_wsgi.c and httpd call.

/// Registers the hooks. Called when httpd has loaded the module, and at each restart.
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
    // `Alias` takes precedence over WSGIScriptAlias, and both over per-user and mass virtual hosting.
    unsafe ap_hook_translate_name(
        translateName, moduleNames("mod_alias.c", in: pool),
        moduleNames("mod_userdir.c", "mod_vhost_alias.c", in: pool), APR_HOOK_MIDDLE)
    chttpd_register_filters()
    unsafe AuthenticationHooks.register(pool)
    unsafe ap_hook_handler(handle, nil, nil, APR_HOOK_MIDDLE)
    unsafe chttpd_hook_status(statusSection)
}

private let preConfig: @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?) -> Int32 = { _, _, _ in
    Settled.reset()
    DaemonGroups.all = []
    EmbeddedPlan.current = nil
    LogVariables.reset()
    MPM.reset()
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
        let isGood = unsafe ConfigReport.printFindings(main: main)
        // A dump must succeed even when there are findings: it is used to find out what is wrong.
        return unsafe isGood || ap_exists_config_define("DUMP_WSGI") != 0 ? OK : HTTP_INTERNAL_SERVER_ERROR
    }

private let testConfig: @convention(c) (OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Void = { _, main in
    guard let main = unsafe main else { return }
    if unsafe ap_exists_config_define("DUMP_WSGI") != 0 { unsafe ConfigReport.printDump(main: main) }
}

private let postConfig:
    @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Int32 = {
        configuration, _, _, main in
        guard let configuration = unsafe configuration, let main = unsafe main, !chttpd_is_first_pass(),
            chttpd_is_running_normally()
        else { return OK }
        defer { UserFiles.forget() }
        Settled.singleApplications = unsafe ConfigReport.singleApplications(main: main)
        let status = unsafe Startup.run(main: main, configuration)
        if status == OK { unsafe ConfigReport.log(main: main) }
        return status
    }

private let childInit: @convention(c) (OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Void = { pool, main in
    if let pool = unsafe pool, let main = unsafe main {
        SupervisorLink.leaveToParent()
        unsafe ChildStart.run(main: main, pool)
    }
}

/// Called in the parent. Releases the claims and the running requests of a child that has ended, however it ended.
private let childStatus:
    @convention(c) (UnsafeMutablePointer<server_rec>?, pid_t, ap_generation_t, Int32, mpm_child_status) -> Void = {
        _, process, _, _, state in
        guard state == MPM_CHILD_EXITED else { return }
        DaemonGroups.scoreboard?.childEnded(process)
        Metrics.embedded?.childEnded(process)
    }

private let childStopping: @convention(c) (OpaquePointer?, Int32) -> Void = { _, graceful in
    // A child that ends gracefully completes its requests, including those that wait for a worker.
    if graceful == 0 { MPM.stop() }
}

/// Called in the parent about every ten seconds.
private let monitor: @convention(c) (OpaquePointer?, UnsafeMutablePointer<server_rec>?) -> Int32 = { _, _ in
    SupervisorLink.look()
    return DECLINED
}

private let translateName: @convention(c) (UnsafeMutablePointer<request_rec>?) -> Int32 = { r in
    unsafe r.map { unsafe ScriptMapping.translate($0) } ?? DECLINED
}

private let handle: @convention(c) (UnsafeMutablePointer<request_rec>?) -> Int32 = { r in
    guard let r = unsafe r else { return DECLINED }
    let result = unsafe RequestRouter.handle(r)
    return unsafe result == DECLINED ? StatusHandlers.handle(r) : result
}

/// Called for each request for mod_status's page, which has its own access control.
private let statusSection: @convention(c) (UnsafeMutablePointer<request_rec>?, Int32) -> Int32 = { r, isShort in
    unsafe r.map { unsafe StatusHandlers.section($0, isShort: isShort != 0) } ?? OK
}

// MARK: - Configuration

/// Called while the module is loaded, before httpd reads its command table.
@c(wsgi_fill_commands)
func fillCommands() { ConfigBridge.fillCommands() }

/// Called for each directive in the configuration.
@c(wsgi_set_directive)
func setDirective(
    _ row: Int32, _ command: UnsafeMutablePointer<cmd_parms>?, _ directory: UnsafeMutableRawPointer?,
    _ arguments: UnsafePointer<CChar>?
) -> UnsafePointer<CChar>? {
    guard let command = unsafe command else { return nil }
    return unsafe ConfigBridge.set(row: Int(row), command, directory, arguments)
}

/// Called for each container and `.htaccess` file.
@c(wsgi_create_directory)
func createDirectory(_ pool: OpaquePointer?, _ path: UnsafeMutablePointer<CChar>?) -> UnsafeMutableRawPointer? {
    unsafe pool.map { unsafe ConfigBridge.hold(DirectoryConfig(isPermanent: ConfigBridge.isReading), in: $0) }
}

/// Called for each request to which several containers apply, and for nested containers at configuration time.
@c(wsgi_merge_directory)
func mergeDirectory(
    _ pool: OpaquePointer?, _ parent: UnsafeMutableRawPointer?, _ child: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    guard let pool = unsafe pool, let outer: DirectoryConfig = unsafe ConfigBridge.object(parent),
        let inner: DirectoryConfig = unsafe ConfigBridge.object(child)
    else { return unsafe child ?? parent }
    let sum = inner.over(outer)
    if sum === outer { return unsafe parent }
    if sum === inner { return unsafe child }
    // A merged configuration that `inner` caches lives as long as `inner`.
    return unsafe sum.isPermanent ? Unmanaged.passUnretained(sum).toOpaque() : ConfigBridge.hold(sum, in: pool)
}

/// Called for the main server and each virtual host.
@c(wsgi_create_server)
func createServer(_ pool: OpaquePointer?, _ server: UnsafeMutablePointer<server_rec>?) -> UnsafeMutableRawPointer? {
    unsafe pool.map { unsafe ConfigBridge.hold(ServerConfig(), in: $0) }
}

/// Called for each virtual host after the configuration has been read.
@c(wsgi_merge_server)
func mergeServer(
    _ pool: OpaquePointer?, _ parent: UnsafeMutableRawPointer?, _ child: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    guard let pool = unsafe pool, let outer: ServerConfig = unsafe ConfigBridge.object(parent),
        let inner: ServerConfig = unsafe ConfigBridge.object(child)
    else { return unsafe child ?? parent }
    let merged = ServerConfig()
    merged.settings = outer.settings.merged(under: inner.settings)
    return unsafe ConfigBridge.hold(merged, in: pool)
}
