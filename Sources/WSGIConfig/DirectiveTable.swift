/// All directives; a directive is added by a property with its default and a row here.
public enum DirectiveTable {
    /// Every directive, in the order of the manual.
    public static let all: [Directive] = {
        var bit: UInt64 = 1
        return rows.map { row in
            guard row.isSetting else { return row }
            defer { bit <<= 1 }
            return row.assigned(bit: bit)
        }
    }()

    /// The rows of `DirectorySettings`, in the order of their bits.
    static let settings: [Directive] = all.filter(\.isSetting)

    /// The directive of this name; case does not count, as in httpd.
    public static func directive(named name: String) -> Directive? {
        let wanted = name.lowercased()
        return all.first { $0.name.description.lowercased() == wanted }
    }

    private static let rows: [Directive] = [
        // Which script serves a URI.
        .server(
            "WSGIScriptAlias", in: .server,
            help: """
                URL path, script file or directory, then process-group=, application-group=, callable-object= or \
                pass-authorization=: serve the URIs below the path with the script.
                """,
            AliasStatement.apply),

        // Daemon processes.
        .server(
            "WSGIDaemonProcess", in: .server,
            help: "Name, then options: define a group of processes that run Python applications.",
            DaemonStatement.apply),
        .global(
            "WSGISocketPrefix", \.socketPrefix, .text("a path prefix"),
            help: "Path prefix of the sockets of daemon processes, relative to ServerRoot."),

        // Python.
        .global(
            "WSGIPythonHome", \.pythonHome, .pythonHome,
            help: "Python installation or virtual environment for everything that names none of its own."),
        .global(
            "WSGIPythonPath", \.pythonPath, .searchPath,
            help: "Directories, separated by ':', in which embedded applications look for modules first."),
        .global(
            "WSGIRestrictEmbedded", \.restrictEmbedded, .flag,
            help: "On or Off: refuse requests that are not given to daemon processes."),

        // How a request is served.
        .setting(
            "WSGIProcessGroup", \.processGroup, .group, in: .directory,
            help: "Name of the daemon process group that serves the requests, or a variable such as %{ENV:name}."),
        .setting(
            "WSGIApplicationGroup", \.applicationGroup, .group, in: .directory,
            help: "Name of the interpreter that runs the application, or a variable: %{GLOBAL} is the main one."),
        .setting(
            "WSGICallableObject", \.callableObject, .callable, in: .fileInfo,
            help: "Name of the application in the script, or %{ENV:name}."),
        .setting(
            "WSGIScriptReloading", \.scriptReloading, .flag, in: .fileInfo,
            help: "On or Off: load a script again when its file has changed."),
        .setting(
            "WSGIPassAuthorization", \.passAuthorization, .flag, in: .fileInfo,
            help: "On or Off: let applications see the Authorization header."),
        .setting(
            "WSGIChunkedRequest", \.chunkedRequest, .flag, in: .fileInfo,
            help: "On or Off: accept request bodies whose length is not declared."),
        .setting(
            "WSGIEnableSendfile", \.enableSendfile, .flag, in: .fileInfo,
            help: "On or Off: let httpd use sendfile for files that applications return."),
    ]
}

extension ValueKind where Value == GroupExpression {
    /// The name of a group, or a variable; the empty name is embedded mode, or the main interpreter.
    static var group: Self {
        Self(
            syntax: "the name of a group", parse: { GroupExpression($0) }, print: { $0.text.string })
    }

    /// The name of an application in its script's module, or a variable.
    static var callable: Self {
        Self(
            syntax: "the name of an object in the script (letters, digits and '_', no dots)",
            parse: { $0.hasPrefix("%") || isIdentifier($0) ? GroupExpression($0, role: .callableObject) : nil },
            print: { $0.text.string })
    }
}

/// Whether Python takes `word` as a name; what is not ASCII is left to Python.
func isIdentifier(_ word: String) -> Bool {
    guard let first = word.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return word.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x30...0x39).contains(byte)
            || (0x41...0x5A).contains(byte & 0xDF) && byte < 0x7B
    }
}
