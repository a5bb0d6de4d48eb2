internal import Synchronization
internal import WSGIConfig

/// Per-directory configuration: of a container, of a `.htaccess` file, or merged for a request.
@safe final class DirectoryConfig {
    /// The settings. Written while the container is read, and only read afterwards.
    @safe @exclusivity(unchecked) var settings: DirectorySettings
    /// Whether it lives as long as the configuration. One that a request merges with `.htaccess` files does not.
    let isPermanent: Bool

    /// Cached results of merging this scope over others; a list that only grows.
    private let sums = unsafe Atomic<UnsafeMutablePointer<Sum>?>(nil)

    /// Maximum length of that list; more are created for their request only, because patterns of containers can combine in
    /// any number of ways.
    private static let mostSums: UInt32 = 64

    /// One result: this scope merged over an outer one.
    @safe private struct Sum {
        let outer: DirectoryConfig
        let config: DirectoryConfig
        let next: UnsafeMutablePointer<Sum>?
        let count: UInt32
    }

    init(isPermanent: Bool, settings: DirectorySettings = DirectorySettings()) {
        self.isPermanent = isPermanent
        self.settings = settings
    }

    deinit {
        var next = unsafe sums.load(ordering: .acquiring)
        while let sum = unsafe next {
            unsafe next = sum.pointee.next
            unsafe sum.deinitialize(count: 1)
            unsafe sum.deallocate()
        }
    }

    /// This scope merged over an outer one; one of the two if the other sets nothing.
    ///
    /// The result is cached for each pair, by the first request that needs it, unless one of the two belongs to a request.
    func over(_ outer: DirectoryConfig) -> DirectoryConfig {
        switch DirectorySettings.source(server: outer.settings.written, directory: settings.written) {
        case .server: return outer
        case .directory: return self
        case .both: break
        }
        let first = unsafe sums.load(ordering: .acquiring)
        var next = unsafe first
        while let sum = unsafe next {
            if unsafe sum.pointee.outer === outer { return unsafe sum.pointee.config }
            unsafe next = sum.pointee.next
        }
        let isKept = unsafe isPermanent && outer.isPermanent && first?.pointee.count ?? 0 < Self.mostSums
        let made = DirectoryConfig(isPermanent: isKept, settings: outer.settings.merged(under: settings))
        if isKept { keep(made, over: outer) }
        return made
    }

    /// If another request has cached an equal result in the meantime, there are two, and the later one is found.
    private func keep(_ made: DirectoryConfig, over outer: DirectoryConfig) {
        let sum = UnsafeMutablePointer<Sum>.allocate(capacity: 1)
        var first = unsafe sums.load(ordering: .acquiring)
        while true {
            unsafe sum.initialize(
                to: Sum(outer: outer, config: made, next: first, count: (first?.pointee.count ?? 0) &+ 1))
            let (isKept, found) = unsafe sums.compareExchange(
                expected: first, desired: sum, successOrdering: .acquiringAndReleasing, failureOrdering: .acquiring)
            if isKept { return }
            unsafe sum.deinitialize(count: 1)
            unsafe first = found
        }
    }
}
