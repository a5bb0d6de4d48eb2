internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Decides which slot of a group may be replaced, with which definition and which code.
extension ProcessGroup {
    /// Whether its processes serve no requests and only run their scripts. Two of them at a time would do the work
    /// twice.
    var isService: Bool { spec.process.worker?.threads == 0 }

    /// Whether the wanted start of a slot may begin. A group replaces one worker at a time. With
    /// `replacement=stop-first` it does so only while all other slots serve.
    func mayBegin(_ slot: Slot, at now: Int64) -> Bool {
        guard slot.machine.serving != nil else { return true }
        guard replacement == .stopFirst else { return !slots.contains { $0.machine.isReplacing(at: now) } }
        return slots.allSatisfy { $0 === slot || $0.machine.isSettled }
    }

    /// Whether the wanted start of a slot would fail as the last one did.
    func isPointless(_ slot: Slot, at now: Int64) -> Bool {
        slot.machine.serving != nil && slot.machine.wanted?.cause == SlotMachine.changedCode && isPointless(at: now)
            && (mayBegin(slot, at: now) || replacement == .stopFirst)
    }

    /// How the next worker of a slot is started.
    func attempt(_ slot: Slot, _ cause: SlotMachine.Cause, hasPredecessor: Bool) -> StartAttempt {
        let predecessor = hasPredecessor ? slot.machine.serving.flatMap { slot.workers[$0] } : nil
        var attempt = StartAttempt(spec: spec, cause: cause, learned: cause.wantsLittle ? [] : learned)
        attempt.mustSucceed = hasPredecessor || replacement == .stopFirst && !cause.isFirst
        if let former, !hasPredecessor {
            attempt.usesFormerDefinition = slot.usesFormerDefinition
            attempt.mustSucceed = replacement == .stopFirst || !slot.usesFormerDefinition
            if slot.usesFormerDefinition { attempt.spec = former }
        }
        let scripts = attempt.spec.process.preloads + attempt.learned
        // The successor may lack the scripts that the former process lacks, except those for which it was requested.
        attempt.tolerated = predecessor?.unusable.filter { slot.asked[$0.path] == nil } ?? []
        if !hasPredecessor {
            let broken = broken(scripts, of: slot)
            if broken.count < scripts.count { attempt.tolerated += broken }
        }
        // Requests wait, or may wait, for it.
        attempt.isUrgent = slot.isAwaited || spec.process.isRunOnce || state != .serving && !cause.isFirst
        return attempt
    }

    /// Those of the scripts that the last starts could not import and whose files are unchanged.
    private func broken(_ scripts: [ScriptSpec], of slot: Slot) -> [ScriptSpec] {
        let suspects = scripts.filter { slot.broken[$0.path] != nil }
        let unknown = suspects.map(\.path).filter { slot.code[$0] == nil }
        let asked = Dictionary(zip(unknown, modified(of: unknown))) { one, _ in one }
        return suspects.filter { slot.broken[$0.path] == slot.code[$0.path] ?? asked[$0.path] }
    }

    /// Records that a worker did not become ready. A slot without a serving worker alternates between the present and
    /// the former definition.
    func noteFailedStart(of slot: Slot) {
        slot.failedStarts += 1
        if let failure = slot.failure {
            if slot.broken.count >= WorkerProcess.maximumLearned { slot.broken = [:] }
            slot.broken[failure.path] = failure.modified
        }
        guard slot.machine.serving == nil, former != nil else { return }
        slot.usesFormerDefinition.toggle()
        guard slot.usesFormerDefinition else { return }
        slot.broken = [:]
        slot.fallbackReason = slot.failure
    }

    /// The modification time of a script, by its path as workers see it. 0: its user cannot see it. Negative: unknown,
    /// because its file system does not respond.
    func modified(_ path: String) -> Int64 { modified(of: [path]).first ?? -1 }

    /// The modification times of several scripts, with as few queries as possible.
    func modified(of paths: [String]) -> [Int64] { statuses(of: paths).map(Self.time) }

    private static func time(_ status: FileStatus) -> Int64 { status.isOverdue ? -1 : status.modified }

    private func statuses(of paths: [String]) -> [FileStatus] {
        var found = files.status(of: paths.filter { !leavesRoot($0) }.map { spec.root + $0 }).makeIterator()
        return paths.map { leavesRoot($0) ? .missing : found.next() ?? .unknown }
    }

    /// Files as the group's user sees them.
    private var files: FileView {
        guard spec.changesUser else { return .own }
        return FileView(user: spec.userID, group: spec.groupID, groups: spec.supplementaryGroups)
    }

    private func leavesRoot(_ path: String) -> Bool {
        !spec.root.isEmpty && path.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    }

    /// Records that a worker loads a script, with the time of its file, unless it is already known.
    func noteLoading(_ path: String, in slot: Slot) {
        let most = spec.process.preloads.count + 2 * WorkerProcess.maximumLearned
        guard slot.code[path] == nil, slot.code.count < most else { return }
        slot.code[path] = modified(path)
    }

    /// Whether an attempt requested by a changed script would fail as the last one did.
    func isPointless(at now: Int64) -> Bool {
        failedCode.isStanding(at: now, modified: modified(of:))
    }

    /// Records the code with which a worker is started. Learned scripts that certainly no longer exist are forgotten.
    func beginAttempt(_ slot: Slot) {
        slot.tried = slot.asked
        slot.failure = nil
        slot.launchProblem = ""
        slot.code = [:]
        let paths = (spec.process.preloads + learned).map(\.path)
        var gone: Set<String> = []
        for (path, status) in zip(paths, statuses(of: paths)) {
            slot.code[path] = Self.time(status)
            if status.kind == .missing { gone.insert(path) }
        }
        forget { gone.contains($0.path) }
        for path in gone.subtracting(spec.process.preloads.map(\.path)) { slot.code[path] = nil }
    }

    /// Whether a script that the last start was to run has changed since.
    func hasChanged(_ slot: Slot) -> Bool {
        let known = slot.code.filter { $0.value >= 0 }
        return zip(known, modified(of: known.map(\.key))).contains { before, now in now >= 0 && now != before.value }
    }

    /// Records why a successor has failed. Returns how often that has happened with the same code.
    func noteFailure(_ failure: StartFailure, of slot: Slot) -> Int {
        guard !failure.script.isEmpty else { return 1 }
        let modified = failure.modified > 0 ? failure.modified : modified(failure.script)
        let count = failedCode.note(failure.script, modified: modified)
        slot.failure = Slot.Failure(
            path: failure.script, modified: modified,
            reason: Self.withoutStop(
                String(decoding: (failure.report.last ?? failure.text).utf8.prefix(1_000), as: UTF8.self)),
            count: count,
            isForLock: failure.isForLock)
        return count
    }

    /// A sentence as a part of another one.
    private static func withoutStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    /// The part of a log message that explains why and how often a replacement could not be started.
    func explanation(of slot: Slot, count: Int) -> String {
        guard let failure = slot.failure else {
            let parts = [slot.launchProblem, count == 1 ? "" : "\(count) times in a row"].filter { !$0.isEmpty }
            return parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))"
        }
        let times = failure.count == 1 ? "" : "; attempt \(failure.count) with this code, the first has the traceback"
        return " (\(failure.path): \(failure.reason)\(times))"
    }

    /// The remedy, as a sentence.
    func advice(for slot: Slot) -> String {
        guard slot.failure?.isForLock == true, replacement == .successorFirst else {
            guard let path = slot.failure?.path, !path.isEmpty else { return "" }
            return
                " Another attempt follows when the script changes (touch '\(spec.root)\(path)'), or at a graceful restart of httpd."
        }
        return " It needs a resource that only one process can hold. If the running process holds it, add "
            + "replacement=stop-first to WSGIDaemonProcess '\(spec.name)': then the former process ends first."
    }

    /// Records that a replacement of the serving worker has failed.
    func noteFailedDeploy(of slot: Slot) {
        counters.failedDeploys += 1
        let modified = slot.failure?.modified ?? 0
        slot.staleSince = slot.staleSince ?? (modified > 0 ? modified : Clock.wallMicroseconds())
    }

    /// Records that a successor has ended without a report. The changed scripts that it was to run are suspected.
    func noteDeath(of slot: Slot, at now: Int64) {
        for (path, modified) in slot.tried { failedCode.suspect(path, modified: modified, at: now) }
    }

    /// Whether another attempt is due after a failed one, because scripts have changed again in the meantime.
    func isRetryDue(_ slot: Slot) -> Bool {
        slot.asked = slot.asked.filter { path, modified in
            slot.tried[path] != modified && !failedCode.blames(path, modified: modified)
        }
        return !slot.asked.isEmpty
    }

    /// Records that a worker of the slot serves.
    func noteSuccess(_ slot: Slot) {
        if !slot.usesFormerDefinition { slot.failedStarts = 0 }
        slot.hasServed = true
        slot.servedCode = slot.code
        slot.staleSince = nil
        slot.asked = [:]
        slot.tried = [:]
        slot.broken = [:]
        slot.usesFormerDefinition = false
        failedCode.clear()
    }
}

extension ProcessGroup.Slot {
    /// Records a script that the serving worker has loaded.
    func noteServed(_ path: String, by generation: UInt32) {
        guard generation == machine.serving, servedCode.count < 2 * WorkerProcess.maximumLearned else { return }
        servedCode[path] = code[path]
    }

    /// Records a changed script for which a successor is requested. Returns false if there are too many.
    func noteAsked(_ path: String, modified: Int64) -> Bool {
        guard asked[path] != nil || asked.count < WorkerProcess.maximumLearned else { return false }
        asked[path] = modified
        return true
    }
}
