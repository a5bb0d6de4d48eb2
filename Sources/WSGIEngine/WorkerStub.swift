enum WorkerMain { static func serve(controlDescriptor: Int32) -> Int32 { 1 } }
