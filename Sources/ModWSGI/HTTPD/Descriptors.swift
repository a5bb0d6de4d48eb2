internal import CSystem
internal import Glibc

/// A second descriptor of the same file, close-on-exec. Negative if no descriptor is available.
func duplicateDescriptor(_ descriptor: Int32) -> Int32 { wsgi_duplicate(descriptor, 3) }

/// Closes a descriptor.
func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
