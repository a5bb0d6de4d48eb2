/// The version of this module, in one place.
public enum ModuleVersion {
    /// `mod_wsgi.version`: applications that know mod_wsgi test it, so it continues its numbers.
    public static let components = [7, 0, 0]

    /// The same, as it stands in httpd's banner.
    public static let text = "7.0.0"
}
