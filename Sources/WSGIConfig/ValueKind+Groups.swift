extension ValueKind where Value == GroupExpression {
    /// The name of a group, or a variable; the empty name is embedded mode, or the main interpreter.
    static var group: Self {
        Self(
            usage: "name|%{variable}", syntax: "the name of a group", parse: { GroupExpression($0) },
            print: { $0.text.string })
    }

    /// The name of an application in its script's module, or a variable.
    static var callable: Self {
        Self(
            usage: "name|%{ENV:variable}",
            syntax: "the name of an object in the script (letters, digits and '_', no dots)",
            parse: { $0.hasPrefix("%") || isIdentifier($0) ? GroupExpression($0, role: .callableObject) : nil },
            print: { $0.text.string })
    }
}
