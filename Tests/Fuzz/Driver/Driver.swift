// The two functions that libFuzzer calls. Each target is a symbolic link to this one program.

/// The target that the program was started as.
@safe nonisolated(unsafe) private var chosen: FuzzTarget?

/// Chooses the target by the program's name.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    let name = unsafe String(cString: arguments.pointee.pointee).split(separator: "/").last ?? ""
    chosen = FuzzTarget.all.first { $0.name == name }
    guard chosen == nil else { return 0 }
    for target in FuzzTarget.all { print(target.name) }
    fatalError("'\(name)' is not a target.")
}

/// Runs the target with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    do { try chosen?.run(input) } catch { fatalError("\(error)") }
    return 0
}
