/// What becomes of a request's body, decided from its head alone: memory is promised only to those who may send.
public enum BodyAdmission: Sendable {
  /// It is read, up to so many bytes; more is 413.
  case upTo(bytes: Int)
  /// It is not read: this is the answer, and the connection closes.
  case refused(Response)
}
