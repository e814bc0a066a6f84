import GRDB

extension DatabaseError {
  /// The store is well and the disk takes nothing; later it may.
  var isAboutTheDisk: Bool {
    let codes: [ResultCode] = [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY]
    return codes.contains(resultCode)
  }
}
