internal import CHTTPD
internal import Glibc
internal import WSGICore
internal import WSGIDeployment

/// Checks that scripts and their directories belong to `script-user=` and `script-group=` of a process group.
struct ScriptOwnership: Sendable {
    private let owner: ScriptOwner

    /// The check for an owner.
    init(_ owner: ScriptOwner) { self.owner = owner }

    /// Rejects a script that users other than its owner could have written or replaced.
    func check(_ script: UnsafeRawBufferPointer, _ pool: Pool?) throws(Rejection) {
        guard let slash = unsafe script.lastIndex(of: UInt8(ascii: "/")) else {
            throw Rejection(HTTP_FORBIDDEN, withoutRecord: .scriptUnexamined)
        }
        let directory = unsafe UnsafeRawBufferPointer(rebasing: script[..<max(slash, 1)])
        try unsafe check(script, .file, pool)
        try unsafe check(directory, .directory, pool)
    }

    private enum Subject: String {  // cold: text of a message
        case file = "script"
        case directory = "script's directory"
    }

    private func check(_ path: UnsafeRawBufferPointer, _ subject: Subject, _ pool: Pool?) throws(Rejection) {
        let isFile = subject == .file
        // cold: text of a message
        var name: String { "The \(subject.rawValue) '\(unsafe String(decoding: path, as: UTF8.self))'" }
        var info = unsafe apr_finfo_t()
        let text = unsafe apr_pstrmemdup(
            pool, path.baseAddress?.assumingMemoryBound(to: CChar.self), apr_size_t(path.count))
        guard unsafe apr_stat(&info, text, apr_int32_t(APR_FINFO_OWNER | APR_FINFO_PROT), pool) == APR_SUCCESS else {
            throw Rejection(
                HTTP_FORBIDDEN, isFile ? .scriptUnexamined : .scriptDirectoryUnexamined,
                "\(name) cannot be examined, which script-user or script-group requires.")
        }
        if let user = owner.user, unsafe info.user != user.id {
            throw Rejection(
                HTTP_FORBIDDEN, isFile ? .scriptOfOtherUser : .scriptDirectoryOfOtherUser,
                unsafe "\(name) belongs to user #\(info.user), and script-user is '\(user.name)' (#\(user.id)): "
                    + "change its owner.")
        }
        if let group = owner.group, unsafe info.group != group.id {
            throw Rejection(
                HTTP_FORBIDDEN, isFile ? .scriptOfOtherGroup : .scriptDirectoryOfOtherGroup,
                unsafe "\(name) belongs to group #\(info.group), and script-group is '\(group.name)' (#\(group.id)): "
                    + "change its group.")
        }
        if owner.user != nil, unsafe info.protection & APR_FPROT_GWRITE != 0 {
            throw Rejection(
                HTTP_FORBIDDEN, isFile ? .scriptGroupWritable : .scriptDirectoryGroupWritable,
                "\(name) can be written by its group, which script-user forbids: remove that right (chmod g-w).")
        }
        if unsafe info.protection & APR_FPROT_WWRITE != 0 {
            throw Rejection(
                HTTP_FORBIDDEN, isFile ? .scriptWorldWritable : .scriptDirectoryWorldWritable,
                "\(name) can be written by all users, which script-user and script-group forbid: remove that right "
                    + "(chmod o-w).")
        }
    }
}
