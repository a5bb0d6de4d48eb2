// Written by tools/embed-python from file_wrapper.py: change that, and run the tool.

extension PythonSource {
    /// `file_wrapper.py`.
    static let fileWrapper = PythonSource(
        #"""
        """wsgi.file_wrapper, and the files that can be sent by descriptor."""

        import io


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

            A compressed or text file also has a descriptor, but its read() does not return the bytes of the file. The same is
            true of a subclass that produces its own blocks.
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
        """#)
}
