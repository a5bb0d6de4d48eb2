internal import Synchronization
internal import WSGIWire

/// The memory that one request needs while it runs. Later requests use it again.
///
/// The caller of `ScratchPool.take` owns it until `ScratchPool.give`. Only one thread uses it at a time.
@safe struct Scratch: ~Copyable {
    /// The encoded request: the header of a frame, the head and an inline body.
    var request = ByteBuffer(capacity: 8192)
    /// Data received from a worker, or read from a client for it.
    let input: UnsafeMutableRawBufferPointer

    /// The names of process group, application group and callable after expansion.
    let names: UnsafeMutableRawBufferPointer

    /// The worker thread that the request holds. Its address is constant, because nested requests refer to it.
    let held: UnsafeMutablePointer<HeldThread>

    /// Shows the request if it runs in embedded mode.
    var embedded = EmbeddedRecord()

    /// The size of `input` in bytes.
    static let inputSize = 64 << 10
    /// The maximum size of a name in bytes.
    static let longestName = 8 << 10

    init() {
        unsafe input = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.inputSize, alignment: 16)
        unsafe names = UnsafeMutableRawBufferPointer.allocate(byteCount: 3 * Self.longestName, alignment: 16)
        unsafe held = UnsafeMutablePointer<HeldThread>.allocate(capacity: 1)
        unsafe held.initialize(to: HeldThread())
    }

    deinit {
        unsafe input.deallocate()
        unsafe names.deallocate()
        unsafe held.deinitialize(count: 1)
        unsafe held.deallocate()
    }

    /// The memory for one of the three names.
    func name(_ index: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: names[index * Self.longestName..<(index + 1) * Self.longestName])
    }
}

/// The idle scratch memory of an httpd child. Its maximum size is the highest number of concurrent requests.
enum ScratchPool {
    private static let idle = Mutex<[Held]>([])  // cold: grows with the number of concurrent requests

    /// A pointer that one owner at a time holds.
    @safe private struct Held: @unchecked Sendable {
        let scratch: UnsafeMutablePointer<Scratch>
    }

    /// Returns scratch memory for one request, which must be given back.
    static func take() -> UnsafeMutablePointer<Scratch> {
        if let known = idle.withLock({ $0.popLast() }) { return unsafe known.scratch }
        let made = UnsafeMutablePointer<Scratch>.allocate(capacity: 1)
        unsafe made.initialize(to: Scratch())
        return unsafe made
    }

    /// Takes back what `take` returned.
    static func give(_ scratch: UnsafeMutablePointer<Scratch>) {
        unsafe scratch.pointee.request.reset()
        idle.withLock { unsafe $0.append(Held(scratch: scratch)) }
    }
}
