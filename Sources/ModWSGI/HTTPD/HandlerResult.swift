/// The result of a handler.
@safe enum HandlerResult {
    /// The status that the handler returns to httpd.
    case status(Int32)
    /// The application names another resource of this server, which httpd serves instead.
    case redirect(CText)
}
