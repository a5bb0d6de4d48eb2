import Glibc

// The two functions that libFuzzer calls. Each target is a symbolic link to this one program.

/// The target that the program was started as.
@safe nonisolated(unsafe) private var chosen: FuzzTarget?

/// Chooses the target by the program's name; `WSGI_FUZZ_SEEDS` is where to put the inputs that it begins with.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    let name = unsafe String(cString: arguments.pointee.pointee).split(separator: "/").last ?? ""
    chosen = FuzzTarget.all.first { $0.name == name }
    if let target = chosen {
        if let folder = unsafe getenv("WSGI_FUZZ_SEEDS") { write(target.seeds(), to: unsafe String(cString: folder)) }
        return 0
    }
    for target in FuzzTarget.all { print(target.name) }
    fatalError("'\(name)' is not a target.")
}

private func write(_ seeds: [[UInt8]], to folder: String) {
    for (index, seed) in seeds.enumerated() {
        guard let file = unsafe fopen("\(folder)/seed-\(index)", "w") else { continue }
        unsafe fwrite(seed, 1, seed.count, file)
        unsafe fclose(file)
    }
}

/// Runs the target with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    do { try chosen?.run(input) } catch { fatalError("\(error)") }
    return 0
}
