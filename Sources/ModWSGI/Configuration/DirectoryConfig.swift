internal import Synchronization
internal import WSGIConfig

/// Per-directory configuration: that of a container, of a `.htaccess` file, or their merged settings for a request.
@safe final class DirectoryConfig {
    /// The settings. Written while the container is being read, and only read after its end.
    @safe @exclusivity(unchecked) var settings: DirectorySettings
    /// Whether it lives as long as the configuration. That of a `.htaccess` file lives as long as a request.
    let isPermanent: Bool

    /// The sums of this scope over others. The list only grows.
    private let sums = unsafe Atomic<UnsafeMutablePointer<Sum>?>(nil)

    /// Maximum number of sums in the list. Containers with patterns can combine in any number of ways, so a further sum
    /// belongs to its request only.
    private static let mostSums: UInt32 = 64

    /// A sum: the settings of this scope over those of an outer one.
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

    /// The settings of this scope over those of an outer one: one of the two if the other sets nothing.
    ///
    /// The first request that needs a sum makes it for all later ones, unless one of the two belongs to a request.
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

    /// Another request may have added an equal sum at the same time. Then there are two, and the later one is found.
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
