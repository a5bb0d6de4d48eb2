/// The fixed numbers of the descriptors that the supervisor passes to a worker, and of a signal that both use.
public enum WorkerDescriptors {
    /// The control socket.
    public static let control: Int32 = 3
    /// The listening socket of the slot.
    public static let listener: Int32 = 4
    /// The memory file of the request board.
    public static let board: Int32 = 5
    /// The memory file that faulthandler writes to.
    public static let crashText: Int32 = 6
    /// The pipe to the supervisor.
    public static let reports: Int32 = 7

    /// The signal on which Python's faulthandler writes the stacks of all threads to `crashText`.
    public static let stackSignal: Int32 = 63
}
