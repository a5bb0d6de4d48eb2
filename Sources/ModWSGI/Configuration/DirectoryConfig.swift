internal import Synchronization
internal import WSGIConfig

/// What httpd keeps for a directory-like container, a `.htaccess` file, or the sum of them for a request.
@safe final class DirectoryConfig {
    /// The settings; written while the container is being read, and only read once it has been closed.
    @safe @exclusivity(unchecked) var settings: DirectorySettings
    /// Whether it lives as long as the configuration; what a request makes of `.htaccess` files does not.
    let isPermanent: Bool

    /// The sums of this scope over others, a list that only grows.
    private let sums = unsafe Atomic<UnsafeMutablePointer<Sum>?>(nil)

    /// One more would be made for the request alone: patterns of containers can combine in any number of ways.
    private static let mostSums: UInt32 = 64

    /// The settings of this scope over those of an outer one.
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

    /// What this scope has written over what an outer one has; one of both when the other has no say.
    ///
    /// A sum is made once for each pair, by whichever request needs it first, unless one of both is a request's own.
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

    /// Another request may have kept an equal sum meanwhile: then there are two, and the later one is found.
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
