/// Small charts as SVG.
enum Chart {
    private static let (width, height, most) = (180, 44, 90)

    /// Busy threads in percent over the last quarter of an hour, the newest at the right.
    static func saturation(_ values: [UInt32]) -> String {
        let shown = values.suffix(most).map { Int(min($0, 100)) }
        let last = shown.last.map { "\($0) %" } ?? "not known yet"
        let peak = shown.max().map { "\($0) %" } ?? "not known yet"
        let label = "Busy threads over the last 15 minutes: at most \(peak), now \(last)"
        var bars = ""
        let step = width / most
        for (index, value) in shown.enumerated() where value > 0 {
            let size = max(value * height / 100, 1)
            let x = width - (shown.count - index) * step
            let kind = value >= 90 ? " class=\"full\"" : ""
            bars += "<rect\(kind) x=\"\(x)\" y=\"\(height - size)\" width=\"\(step)\" height=\"\(size)\"/>"
        }
        return """
            <figure>
            <svg viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" role="img" aria-label="\(label)">\
            <line x1="0" y1="0.5" x2="\(width)" y2="0.5"/><line x1="0" y1="\(height).5" x2="\(width)" y2="\(height).5"/>\
            \(bars)</svg>
            <figcaption>Busy threads, 15 min: peak \(peak)</figcaption>
            </figure>

            """
    }
}
