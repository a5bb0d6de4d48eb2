extension DaemonOptions {
    /// `wsgi.multiprocess`: true if the number of processes was written, even as 1.
    public var isMultiprocess: Bool { processes > 1 || isWritten("processes") }

    /// Whether the option of this name was written.
    public func isWritten(_ name: String) -> Bool {
        DaemonOptionTable.option(named: name)?.isWritten(in: self) ?? false
    }

    /// The options that were written, in the form of the configuration.
    public var text: String {
        DaemonOptionTable.all.filter { $0.isWritten(in: self) }
            .flatMap { option in option.print(self).map { "\(option.name)=\(Words.quoted($0))" } }
            .joined(separator: " ")
    }
}
