import Changes
import Config
import Control
import Model
import Proxy
import Sockets

/// What operators say at run time of who may come in.
struct AdmissionActions {
  let controller: Controller
  let overrides: Overrides
  let sessions: SessionDesk
  let fleet: AdminActions.Fleet
  /// Which changes may begin now.
  let changes: ChangeQueue

  /// The most of them that hold at a time.
  private static let most = 10_000

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.post, "/v1/admission") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Admission.self)
        let range = try range(request.range)
        try check(listener: request.listener)
        guard request.close != true || request.action == .deny else {
          throw AdminRefusal(400, "close goes with the action deny alone", hint: "leave it out")
        }
        let occasion = try Occasion(seconds: request.seconds, reason: request.reason)
        if fleet.node() != nil, request.thisNode != true {
          throw AdminRefusal(
            409, "of a fleet this holds on one node alone", hint: "say so with --this-node, on each node that it's for")
        }
        try admitOverride()
        guard controller.book.admissions.count < Self.most else {
          throw AdminRefusal(
            409, "there are \(Self.most) such overrides, and no more can be", hint: "put them into a file of \"deny\"")
        }
        let lease = AdmissionLease(
          range: range.description, verdict: request.action, listener: request.listener, author: call.author,
          reason: occasion.reason, since: .now, until: occasion.until)
        controller.apply(Change(.admit(lease), by: call.author))
        keep("\(lease.range) \(lease.text)") { done in
          guard request.close == true else { return reply(.success(AdminReply(done))) }
          close(range, at: lease.listener, by: call.author) { count in
            var done = done
            done.message += "; \(count) sessions end"
            reply(.success(AdminReply(done)))
          }
        }
      },
      AdminRouter.Route(.delete, "/v1/admission", parameters: ["range", "listener"]) {
        call, reply throws(AdminRefusal) in
        let range = try range(try call.required("range")).description
        let listener = try call.optional("listener")
        try admitOverride()
        let ended = controller.book.admissions.first { $0.range == range && $0.listener == listener }
        controller.apply(Change(.takeBackAdmission(of: range, at: listener), by: call.author))
        keep("\(range): " + (ended.map { "no longer \($0.text)" } ?? "nothing was set")) {
          reply(.success(AdminReply($0)))
        }
      },
    ]
  }

  private func range(_ text: String) throws(AdminRefusal) -> AddressRange {
    do throws(AddressRange.Fault) {
      return try AddressRange(text).unmapped
    } catch {
      switch error {
      case .unreadable:
        throw AdminRefusal(
          400, "\"\(text)\" is no range of addresses", hint: "such as 203.0.113.0/24, 2001:db8::/32 or 203.0.113.9")
      case .tooManyBits(let range):
        throw AdminRefusal(400, "\"\(text)\" has more bits set than its length says", hint: "write \(range)")
      }
    }
  }

  private func check(listener: String?) throws(AdminRefusal) {
    let known = controller.configuration.listeners.map(\.name)
    guard let listener, !known.contains(listener) else { return }
    throw AdminRefusal(
      404, "there is no listener \"\(listener)\"",
      hint: "the listeners are: \(known.prefix(20).joined(separator: ", "))")
  }

  /// Throws why no override can be made now.
  private func admitOverride() throws(AdminRefusal) {
    do throws(AdminAnswer.Problem) {
      try changes.admit(.override)
    } catch {
      throw AdminRefusal(409, error)
    }
  }

  private func keep(_ message: String, done: @escaping (AdminAnswer.Done) -> Void) {
    overrides.save(controller.book) { problem in
      done(AdminAnswer.Done(message: message, warnings: [problem].compactMap(\.self)))
    }
  }

  /// Ends the sessions of clients who aren't let in any more; those who come later aren't meant.
  private func close(
    _ range: AddressRange, at listener: String?, by author: String, done: @escaping (Int) -> Void
  ) {
    var selection = SessionSelection(listener: listener)
    selection.turnedAway = range
    sessions.find(selection, limit: .max) { found in
      if found.total > 0 {
        controller.evictions.close(Set(found.sessions.map(\.id)), "denied by \(author)", patience: nil)
      }
      done(found.total)
    }
  }
}
