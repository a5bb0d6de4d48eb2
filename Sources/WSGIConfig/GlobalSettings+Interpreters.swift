extension GlobalSettings {
    /// The sections that apply in a process of this group, in ascending order of precedence.
    ///
    /// They override `interpreter` one after the other, except those for other application groups.
    public func interpreterLayers(ofProcessGroup group: String) -> [InterpreterBlock] {
        let blocks = interpreterBlocks.filter { $0.processGroup == nil || $0.processGroup == group }
        return (0...2).flatMap { specificity in blocks.filter { $0.specificity == specificity } }
    }

    /// The settings that apply to one interpreter.
    ///
    /// - Parameter base: The settings that all others override: `interpreter`, or those of a process group.
    public func interpreterSettings(
        ofProcessGroup group: String, applicationGroup: String, base: InterpreterSettings
    ) -> InterpreterSettings {
        interpreterLayers(ofProcessGroup: group)
            .filter { $0.applicationGroup == nil || $0.applicationGroup == applicationGroup }
            .reduce(base) { $0.merged(under: $1.settings) }
    }
}
