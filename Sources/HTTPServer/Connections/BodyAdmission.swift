/// What becomes of a request's body, decided from its head alone: memory is promised only to those who may send.
public enum BodyAdmission: Sendable {
  /// It is read, up to so many bytes; more is 413.
  case upTo(bytes: Int)
  /// It is read into a file without a name in that folder, up to so many bytes; more is 413. The application finds it as
  /// `Request.spooledBody`. Where the folder has no room for it, the answer is 503.
  case intoFile(upTo: Int, folder: String)
  /// It is not read: this is the answer, and the connection closes.
  case refused(Response)
}
