internal import ProcessKit
internal import WSGIAdapter

/// Reports a script that takes long to load in an interpreter other than the main one: an extension module that does not
/// support sub-interpreters may wait forever for a lock.
final class LoadWatch: Sendable {
    /// The time after which a load is reported, in milliseconds.
    private static let patience: Int64 = 10_000
    /// The time to wait for the GIL, in milliseconds.
    private static let patienceForStack: Int64 = 1_000

    private let load: ScriptLoad
    private let dump: @Sendable (UInt) -> String
    /// The stack when it is known: `.some(nil)` if the load has ended.
    private let stack = Locked<String??>(nil)

    private init(_ load: ScriptLoad, _ dump: @escaping @Sendable (UInt) -> String) {
        (self.load, self.dump) = (load, dump)
    }

    /// Watches all loads of the process.
    ///
    /// - Parameter dump: Returns the stacks of the threads if the GIL cannot be acquired, from the id of one of them.
    static func start(_ dump: @escaping @Sendable (UInt) -> String) {
        Adapter.onLoad { load in LoadWatch(load, dump).run("wsgi-load-watch") { $0.watch() } }
    }

    /// Runs `body` on a thread of its own.
    private func run(_ name: String, _ body: @escaping @Sendable (LoadWatch) -> Void) {
        let context = unsafe Unmanaged.passRetained(Task(watch: self, body: body)).toOpaque()
        do throws(SystemError) {
            unsafe try CurrentProcess.startQuietThread(name: name, context: context) { context in
                guard let context = unsafe context else { return }
                let task = unsafe Unmanaged<Task>.fromOpaque(context).takeRetainedValue()
                task.body(task.watch)
            }
        } catch {
            unsafe Unmanaged<Task>.fromOpaque(context).release()
        }
    }

    private final class Task: Sendable {
        let watch: LoadWatch
        let body: @Sendable (LoadWatch) -> Void

        init(watch: LoadWatch, body: @escaping @Sendable (LoadWatch) -> Void) {
            (self.watch, self.body) = (watch, body)
        }
    }

    private func watch() {
        let end = Clock.milliseconds() + Self.patience
        while Clock.milliseconds() < end {
            if load.isOver { return }
            Clock.sleep(milliseconds: 100)
        }
        // Another thread waits for the GIL, perhaps forever.
        run("wsgi-load-stack") { watch in
            let stack = watch.load.stack()
            watch.stack.withLock { $0 = .some(stack) }
        }
        guard let details = stackOrDump() else { return }
        load.report(seconds: Self.patience / 1_000, details)
    }

    /// Where the load is; `nil`: it has ended.
    private func stackOrDump() -> String? {
        let end = Clock.milliseconds() + Self.patienceForStack
        while Clock.milliseconds() < end {
            if let known = stack.withLock({ $0 }) { return known }
            Clock.sleep(milliseconds: 10)
        }
        return load.isOver ? nil : dump(load.ident)
    }
}
