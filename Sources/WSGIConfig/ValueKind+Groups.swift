extension ValueKind where Value == GroupExpression {
    /// The name of a group, or a variable; the empty name is embedded mode, or the main interpreter.
    static var group: Self {
        Self(
            usage: "name|%{variable}", syntax: "the name of a group", parse: { GroupExpression($0) },
            print: { $0.text.string })
    }

    /// The name of an application group, which may be `%{AUTO}`, or a variable.
    static var applicationGroup: Self {
        Self(
            usage: group.usage, syntax: group.syntax, parse: { GroupExpression(applicationGroup: $0) },
            print: group.print)
    }

    /// The name of an application in its script's module, of a factory with `()`, or a variable.
    static var callable: Self {
        Self(
            usage: "name|name()|%{ENV:variable}",
            syntax: "the name of an object in the script (letters, digits and '_', no dots)",
            parse: { $0.hasPrefix("%") || isCallableName($0) ? GroupExpression($0, role: .callableObject) : nil },
            print: { $0.text.string },
            advice: { word in
                guard let name = word.split(separator: "(", omittingEmptySubsequences: false).first, word.contains("("),
                    isIdentifier(String(name))
                else { return nil }
                return
                    "A factory is called without arguments: write \(name)(), and give it its arguments in the script."
            })
    }
}
