func serveWorker(controlDescriptor: Int32) -> Int32 { 1 }
