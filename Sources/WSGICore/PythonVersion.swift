/// The major and minor version of a Python.
public struct PythonVersion: Comparable, Sendable, CustomStringConvertible {
    /// The 3 of 3.11.
    public let major: Int
    /// The 11 of 3.11.
    public let minor: Int

    /// The oldest version that the engine runs in.
    public static let oldest = PythonVersion(3, 11)
    /// The oldest version that supports interpreters with their own GIL.
    public static let oldestWithOwnGILs = PythonVersion(3, 12)
    /// The newest version that `make platforms` tests.
    public static let newestTested = PythonVersion(3, 15)

    /// The version with these numbers.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The version in the form of CPython's `Py_Version`.
    public init(hexadecimal: UInt32) {
        self.init(Int(hexadecimal >> 24), Int(hexadecimal >> 16 & 0xFF))
    }

    /// The first release of the version, in the form of CPython's `Py_Version`.
    public var hexadecimal: UInt32 { UInt32(major & 0xFF) << 24 | UInt32(minor & 0xFF) << 16 }

    /// The version in a text such as `3.11.2`; `nil` unless it begins with two numbers.
    public init?(text: String) {
        let numbers = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).prefix(2)
            .compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        self.init(numbers[0], numbers[1])
    }

    /// Why an interpreter of this version cannot have its own GIL; `nil`: it can.
    ///
    /// The configuration structure of CPython is not in the stable ABI. Its layout is known for tested versions only.
    public var ownGILObstacle: String? {
        if self < Self.oldestWithOwnGILs {
            return "Python \(self) does not support such interpreters, which need Python \(Self.oldestWithOwnGILs) "
                + "or later"
        }
        if self > Self.newestTested {
            return "Python \(self) is newer than those in which this release of mod_wsgi can create such interpreters "
                + "(\(Self.oldestWithOwnGILs) to \(Self.newestTested)): use one of these, or a newer mod_wsgi"
        }
        return nil
    }

    /// `3.11`.
    public var description: String { "\(major).\(minor)" }

    /// Compares the numbers: 3.9 is less than 3.11.
    public static func < (left: PythonVersion, right: PythonVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
