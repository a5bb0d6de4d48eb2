internal import CHTTPD
internal import WSGIConfig
internal import WSGIDeployment

extension ConfigTree {
    /// httpd's tree of the configuration, which it has just read.
    static var httpd: ConfigTree { unsafe ConfigTree(read(chttpd_config_tree())) }

    private static func read(_ first: UnsafePointer<ap_directive_t>?) -> [Node] {
        var nodes: [Node] = []
        var next = unsafe first
        while let directive = unsafe next {
            unsafe nodes.append(node(directive))
            unsafe next = UnsafePointer(directive.pointee.next)
        }
        return nodes
    }

    private static func node(_ directive: UnsafePointer<ap_directive_t>) -> Node {
        let written = unsafe string(directive.pointee.directive)
        let isSection = written.hasPrefix("<")
        var arguments = unsafe string(directive.pointee.args)
        if isSection, let end = arguments.lastIndex(of: ">") { arguments = String(arguments[..<end]) }
        return unsafe Node(
            name: (isSection ? String(written.dropFirst()) : written).lowercased(), isSection: isSection,
            arguments: arguments,
            location: SourceLocation(
                file: string(directive.pointee.filename), line: Int(directive.pointee.line_num)),
            children: read(UnsafePointer(directive.pointee.first_child)), compile: { PatternOfHTTPD($0) })
    }
}

/// A regular expression of httpd.
@safe private final class PatternOfHTTPD: RegularExpression {
    private var compiled = unsafe ap_regex_t()

    init?(_ pattern: String) {
        guard unsafe ap_regcomp(&compiled, pattern, Int32(AP_REG_EXTENDED)) == 0 else { return nil }
    }

    deinit { unsafe ap_regfree(&compiled) }

    func matches(_ text: String) -> Bool { unsafe ap_regexec(&compiled, text, 0, nil, 0) == 0 }
}
