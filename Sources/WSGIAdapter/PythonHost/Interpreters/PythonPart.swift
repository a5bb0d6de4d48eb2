internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// What is written in Python because nothing of it is in the way of a request: one copy in each interpreter.
///
/// References are owned, and live as long as the interpreter.
@safe struct PythonPart {
    let fileWrapper: PyPointer
    let readScript: PyPointer
    let compile: PyPointer
    let callables: PyPointer
    let sendable: PyPointer
    let findPackage: PyPointer
    let finish: PyPointer
    let runExitFunctions: PyPointer
    let stack: PyPointer

    /// Makes them in the interpreter that is attached, and prepares `sys.path` and `sys.argv`; `nil`: it has raised.
    static func make(_ spec: InterpreterSpec, home: String) -> PythonPart? {
        guard let globals = evaluate(source), let builtins = Python.module("builtins"),
            let compile = builtins.object.attribute("compile"),
            let prepare = unsafe take("prepare", globals), let paths = Python.list(spec.pythonPath),
            let home = Python.text(home)
        else { return nil }
        let failure = unsafe Object(prepare).call(paths.object, home.object)
        guard let failure else { return nil }
        if !failure.object.isNone {
            let message = failure.object.text
            Attachment.detached { LogTarget.process.write(WSGI_LOG_ERR, .sitePathFailed, message) }
        }
        guard let fileWrapper = unsafe take("FileWrapper", globals),
            let read = unsafe take("read_script", globals), let callables = unsafe take("callables", globals),
            let sendable = unsafe take("sendable", globals), let package = unsafe take("find_package", globals),
            let finish = unsafe take("finish", globals), let exit = unsafe take("run_exit_functions", globals),
            let stack = unsafe take("stack", globals)
        else { return nil }
        return unsafe PythonPart(
            fileWrapper: fileWrapper, readScript: read, compile: compile.take(),
            callables: callables, sendable: sendable, findPackage: package, finish: finish, runExitFunctions: exit,
            stack: stack)
    }

    /// The global names of Python source after it was run; `nil`: it has raised.
    static func evaluate(_ source: StaticString) -> Reference? {
        guard let globals = unsafe Reference(PyDict_New()), let builtins = Python.module("builtins"),
            unsafe PyDict_SetItemString(globals.object.pointer, "__builtins__", builtins.object.pointer) == 0,
            let name = Python.text("mod_wsgi"),
            unsafe PyDict_SetItemString(globals.object.pointer, "__name__", name.object.pointer) == 0,
            let code = unsafe Reference(Py_CompileString(source.cString, "<mod_wsgi>", Py_file_input)),
            unsafe Reference(
                PyEval_EvalCode(code.object.pointer, globals.object.pointer, globals.object.pointer)) != nil
        else { return nil }
        return globals
    }

    private static func take(_ name: StaticString, _ globals: borrowing Reference) -> PyPointer? {
        let found = unsafe PyDict_GetItemString(globals.object.pointer, name.cString)
        unsafe Py_IncRef(found)
        return unsafe found
    }

    private static let source: StaticString = #"""
        import atexit
        import io
        import os
        import sys
        import threading


        def prepare(paths, home):
            """sys.path and sys.argv; returns what is to be said of a path that failed."""
            import site
            sys.argv = ['mod_wsgi']
            before = list(sys.path)
            failure = None
            for path in paths:
                try:
                    site.addsitedir(path)
                except BaseException as error:
                    failure = (f"Cannot add the directory '{path}' to sys.path ({type(error).__name__}: {error}); "
                               f"the directories after it are left out.")
                    break
            known = set(before)
            found = [path for path in sys.path if path not in known]
            sys.path[:] = found + before
            if home:
                sys.path.insert(0, home)
            return failure


        def find_package():
            """The places of a mod_wsgi package on disk, whose submodules stay importable."""
            from importlib.machinery import PathFinder
            spec = PathFinder.find_spec('mod_wsgi')
            return list(spec.submodule_search_locations or ()) if spec else []


        def read_script(path):
            """The source of a script, its modification time in microseconds, and a module for it.

            The module has what an imported one has, its loader above all: frameworks look for the files beside it there.
            """
            from importlib.machinery import ModuleSpec, SourceFileLoader
            try:
                from _md5 import md5
            except ImportError:
                from hashlib import md5
            with open(path, 'rb') as file:
                modified = os.fstat(file.fileno()).st_mtime_ns // 1000
                source = file.read()
            name = '_mod_wsgi_' + md5(os.fsencode(path), usedforsecurity=False).hexdigest()
            module = type(sys)(name)
            loader = SourceFileLoader(name, path)
            module.__spec__ = spec = ModuleSpec(name, loader, origin=path)
            spec.has_location = True
            module.__loader__, module.__package__, module.__file__ = loader, spec.parent, path
            if spec.cached is not None:
                module.__cached__ = spec.cached
            module.__mtime__ = modified
            return source, modified, module


        def callables(module):
            """Names in a module that look like WSGI applications, for a message."""
            return ', '.join(
                name for name, value in vars(module).items()
                if not name.startswith('_') and callable(value) and not isinstance(value, type)
                and getattr(value, '__module__', module.__name__) == module.__name__)


        class FileWrapper:
            """wsgi.file_wrapper of PEP 3333."""

            def __init__(self, filelike, blksize=8192):
                if not isinstance(blksize, int):
                    raise TypeError('blksize must be an int')
                if blksize < 0:
                    raise ValueError('blksize must not be negative')
                self._filelike = filelike
                self._closed = False
                self.blksize = blksize

            @property
            def filelike(self):
                if self._closed:
                    raise ValueError('the file wrapper has been closed')
                return self._filelike

            def __iter__(self):
                return self

            def __next__(self):
                block = self.filelike.read(self.blksize)
                if not isinstance(block, bytes):
                    raise TypeError(f"read() of a file-like object must return bytes, not {type(block).__name__}")
                if not block:
                    raise StopIteration
                return block

            def close(self):
                if self._closed:
                    return
                self._closed = True
                filelike, self._filelike = self._filelike, None
                try:
                    close = filelike.close
                except AttributeError:
                    return
                try:
                    close()
                except Exception:
                    pass


        FileWrapper.__module__ = 'mod_wsgi'


        def sendable(wrapper):
            """Descriptor and offset of a wrapped file whose bytes are what its read() returns; None otherwise.

            A compressed or text file has a descriptor too, but what it reads is not what is in the file. Neither are the
            blocks of a subclass that makes its own.
            """
            try:
                kind = type(wrapper)
                if kind.__iter__ is not FileWrapper.__iter__ or kind.__next__ is not FileWrapper.__next__:
                    return None
                file = wrapper.filelike
                if type(file) in (io.BufferedReader, io.BufferedRandom):
                    if type(file.raw) is not io.FileIO:
                        return None
                    if type(file) is io.BufferedRandom:
                        file.flush()
                elif type(file) is not io.FileIO and isinstance(file, io.IOBase):
                    return None
                descriptor, offset = file.fileno(), file.tell()
                if type(descriptor) is int and type(offset) is int and descriptor >= 0 and offset >= 0:
                    return descriptor, offset
            except Exception:
                pass
            return None


        def finish():
            """Waits for the threads that want to be waited for; says whether no other goes on."""
            current = threading.current_thread()
            main = threading.main_thread()
            # Up to 3.12 _shutdown() waits for the thread that imported threading, if it is another. That is a request
            # thread, which outlives the interpreter.
            lock = getattr(main, '_tstate_lock', None)
            if main is not current and lock is not None:
                with threading._shutdown_locks_lock:
                    threading._shutdown_locks.discard(lock)
            threading._shutdown()
            # Py_EndInterpreter calls it again. In 3.12 it fails then, if this thread has also imported threading.
            threading._shutdown = lambda: None
            return not any(
                thread.is_alive() and thread not in (current, main) and not isinstance(thread, threading._DummyThread)
                for thread in threading.enumerate())


        def run_exit_functions():
            atexit._run_exitfuncs()


        def stack(ident):
            """Where a thread is, innermost call last."""
            from traceback import StackSummary, walk_stack
            frame = sys._current_frames().get(ident)
            summary = StackSummary.extract(walk_stack(frame), lookup_lines=True) if frame else []
            summary.reverse()
            return ''.join(summary.format()).rstrip() if summary else '  (no Python code)'
        """#
}
