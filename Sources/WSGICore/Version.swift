/// The version of this module, in one place.
public enum ModuleVersion {
    /// `mod_wsgi.version`. Applications written for mod_wsgi test it, so the numbers continue those of mod_wsgi.
    public static let components = [7, 0, 0]

    /// The version in httpd's banner.
    public static let text = "7.0.0"
}
