/// The outcome of a request.
@safe enum HandlerResult {
    /// The handler's status, for httpd.
    case status(Int32)
    /// The application redirects internally: httpd serves another resource of this server instead.
    case redirect(CText)
}
