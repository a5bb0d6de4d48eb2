internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore

/// `sys.setswitchinterval`: the time a thread may keep a GIL that others wait for.
///
/// It belongs to the GIL. That of the process is set once, at its start. An interpreter has its own only with its own
/// GIL.
enum SwitchInterval {
    /// Sets it for the current GIL, if it is not 0; false with a Python exception set.
    static func set(_ seconds: Double) -> Bool {
        guard seconds > 0 else { return true }
        guard let sys = Python.module("sys"), let set = sys.object.attribute("setswitchinterval"),
            let value = unsafe Reference(PyFloat_FromDouble(seconds))
        else { return false }
        return set.object.call(value.object) != nil
    }

    /// Logs the settings that an interpreter cannot have. Without the GIL.
    static func warn(_ spec: InterpreterSpec, _ applicationGroup: String, hasOwnGIL: Bool) {
        if spec.hasOwnGIL && !applicationGroup.isEmpty, let obstacle = ownGILObstacle {
            LogTarget.process.write(
                WSGI_LOG_WARNING, .ownGILUnavailable,
                "WSGIPerInterpreterGIL is On for application group '\(applicationGroup)', but its interpreter shares the "
                    + "GIL of the process: \(obstacle).")
        }
        if spec.switchInterval > 0 && !hasOwnGIL {
            LogTarget.process.write(
                WSGI_LOG_WARNING, .switchIntervalShared,
                "WSGISwitchInterval for application group '\(applicationGroup)' is ignored: its interpreter shares the "
                    + "GIL of the process. Set it for the process (switch-interval=, or WSGISwitchInterval without "
                    + "application-group=), or set WSGIPerInterpreterGIL for this application group.")
        }
    }

    /// The reason why interpreters of this process cannot have their own GIL; `nil`: they can.
    static var ownGILObstacle: String? {
        if let obstacle = PythonVersion(hexadecimal: wsgi_python_version()).ownGILObstacle { return obstacle }
        return wsgi_has_own_gils() ? nil : "this Python was built without Py_NewInterpreterFromConfig"
    }
}
