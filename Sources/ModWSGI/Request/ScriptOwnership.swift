internal import CHTTPD
internal import Glibc
internal import WSGICore
internal import WSGIDeployment

/// Whether scripts and their directories belong to whom `script-user=` and `script-group=` of a process group name.
struct ScriptOwnership: Sendable {
    private let owner: ScriptOwner

    /// The check for an owner.
    init(_ owner: ScriptOwner) { self.owner = owner }

    /// Refuses a script that others than its owner could have written, or have put into its place.
    func refuse(_ r: Request, _ script: UnsafeRawBufferPointer) -> Int32? {
        guard let slash = unsafe script.lastIndex(of: UInt8(ascii: "/")) else { return HTTP_FORBIDDEN }
        let directory = unsafe UnsafeRawBufferPointer(rebasing: script[..<max(slash, 1)])
        let violation =
            unsafe check(script, .file, r.pointee.pool) ?? check(directory, .directory, r.pointee.pool)
        guard let violation else { return nil }
        unsafe Log.request(r, .error, violation.id, violation.text)
        return HTTP_FORBIDDEN
    }

    private enum Subject: String {
        case file = "script"
        case directory = "script's directory"
    }

    private struct Violation {
        let id: LogID
        let text: String
    }

    private func check(_ path: UnsafeRawBufferPointer, _ subject: Subject, _ pool: Pool?) -> Violation? {
        let isFile = subject == .file
        let name = "The \(subject.rawValue) '\(unsafe String(decoding: path, as: UTF8.self))'"
        var info = unsafe apr_finfo_t()
        let text = unsafe apr_pstrmemdup(
            pool, path.baseAddress?.assumingMemoryBound(to: CChar.self), apr_size_t(path.count))
        guard unsafe apr_stat(&info, text, apr_int32_t(APR_FINFO_OWNER | APR_FINFO_PROT), pool) == APR_SUCCESS else {
            return Violation(
                id: isFile ? .scriptUnexamined : .scriptDirectoryUnexamined,
                text: "\(name) cannot be examined, as script-user or script-group asks for.")
        }
        if let user = owner.user, unsafe info.user != user.id {
            return Violation(
                id: isFile ? .scriptOfOtherUser : .scriptDirectoryOfOtherUser,
                text: unsafe "\(name) belongs to user #\(info.user), and script-user is '\(user.name)' (#\(user.id)): "
                    + "change its owner.")
        }
        if let group = owner.group, unsafe info.group != group.id {
            return Violation(
                id: isFile ? .scriptOfOtherGroup : .scriptDirectoryOfOtherGroup,
                text:
                    unsafe "\(name) belongs to group #\(info.group), and script-group is '\(group.name)' (#\(group.id)): "
                    + "change its group.")
        }
        if owner.user != nil, unsafe info.protection & APR_FPROT_GWRITE != 0 {
            return Violation(
                id: isFile ? .scriptGroupWritable : .scriptDirectoryGroupWritable,
                text: "\(name) can be written by its group, which script-user forbids: remove that right (chmod g-w).")
        }
        if unsafe info.protection & APR_FPROT_WWRITE != 0 {
            return Violation(
                id: isFile ? .scriptWorldWritable : .scriptDirectoryWorldWritable,
                text:
                    "\(name) can be written by everybody, which script-user and script-group forbid: remove that right "
                    + "(chmod o-w).")
        }
        return nil
    }
}
