internal import Synchronization
internal import WSGIWire

/// The memory one request needs while it is under way, used again by later requests.
///
/// Whoever took it owns it until `ScratchPool.give`; one thread at a time.
@safe struct Scratch: ~Copyable {
    /// The encoded request: a frame's header, the head, an inline body.
    var request = ByteBuffer(capacity: 8192)
    /// What is received from a worker, or read from a client for it.
    let input: UnsafeMutableRawBufferPointer

    /// The names of process group, application group and callable after expansion.
    let names: UnsafeMutableRawBufferPointer

    /// The worker's thread that the request holds; the memory stays where it is, because nested requests look at it.
    let held: UnsafeMutablePointer<HeldThread>

    /// Bytes of `input`.
    static let inputSize = 64 << 10
    /// The most bytes of one name.
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

    /// The room for one of the three names.
    func name(_ index: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: names[index * Self.longestName..<(index + 1) * Self.longestName])
    }
}

/// The idle scratch memory of an httpd child: at most as many as requests ran at once.
enum ScratchPool {
    private static let idle = Mutex<[Held]>([])  // cold: grows with the requests at a time

    /// A pointer that one owner at a time holds.
    @safe private struct Held: @unchecked Sendable {
        let scratch: UnsafeMutablePointer<Scratch>
    }

    /// Scratch memory for one request; to be given back.
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
