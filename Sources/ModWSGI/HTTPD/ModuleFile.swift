internal import CModule
internal import Glibc

/// The directory of this module's own file.
func moduleDirectory() -> String {  // cold: when httpd starts
    guard let path = unsafe cmodule_file() else { return "" }
    let resolved = unsafe realpath(path, nil)
    defer { unsafe free(resolved) }
    let file = unsafe resolved.map { unsafe String(cString: $0) } ?? String(cString: path)
    return file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
}
