/// What became of a request.
@safe enum HandlerResult {
    /// The handler's status, for httpd.
    case status(Int32)
    /// The application names another resource of this server, whose response is the response.
    case redirect(CText)
}
