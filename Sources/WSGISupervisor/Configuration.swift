internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// A configuration and its descriptors, which are closed when no group uses them any longer.
final class Configuration {
    /// The decoded configuration.
    let spec: SupervisorSpec
    /// Scripts that no alias names any longer.
    let formerScripts: Set<String>
    private let descriptors: [Int32]

    /// Takes over the descriptors.
    init(spec: SupervisorSpec, adopting descriptors: [Int32]) {
        self.spec = spec
        formerScripts = Set(spec.formerScripts)
        self.descriptors = descriptors
    }

    /// Descriptors of configurations that are no longer used.
    private nonisolated(unsafe) static var unused: [Int32] = []

    // Closing the last descriptor of a listening socket can block, so `closeUnused` does it.
    deinit { if !descriptors.isEmpty { unsafe Self.unused += descriptors } }

    /// Closes the unused descriptors. Returns false if some are still open, because no process could be created to
    /// close them.
    static func closeUnused() -> Bool {
        if unsafe !unused.isEmpty { unsafe unused = StreamSocket.closeAside(unused) }
        return unsafe unused.isEmpty
    }

    /// The descriptor with this index; `nil`: there is none, the configuration is inconsistent.
    func descriptor(_ index: Int) -> Int32? {
        descriptors.indices.contains(index) ? descriptors[index] : nil
    }

    /// Decodes the memory file that came with a `configuration` packet.
    static func receive(_ file: borrowing Descriptor, descriptors: [Int32]) throws(ConfigurationError) -> Configuration
    {
        let decoded: SupervisorSpec
        do throws(ConfigurationError) {
            decoded = try decode(file)
        } catch {
            for raw in descriptors { Descriptor.close(raw: raw) }
            throw error
        }
        return Configuration(spec: decoded, adopting: descriptors)
    }

    private static func decode(_ file: borrowing Descriptor) throws(ConfigurationError) -> SupervisorSpec {
        let bytes: [UInt8]
        do { bytes = try MemoryFile.contents(of: file.raw) } catch { throw .unreadable(error) }
        let decoded = unsafe bytes.withUnsafeBytes { raw in
            Result { () throws(WireError) -> SupervisorSpec in unsafe try SpecCodec.decode(raw) }
        }
        do throws(WireError) {
            return try decoded.get()
        } catch {
            throw .malformed(error)
        }
    }
}

/// Why a configuration could not be applied.
enum ConfigurationError: Error {
    /// The memory file could not be read.
    case unreadable(SystemError)
    /// It could not be decoded. The module and the supervisor may have different versions.
    case malformed(WireError)
}
