import Agreement
import Changes
import Config
import Fleet
import FoundationEssentials
import Libevent
import Model

/// What a configuration would change on each node of a fleet: asks the others, and answers when they ask.
///
/// It belongs to the control loop's thread.
final class FleetPlans {
  private struct Question {
    var waits: Set<NodeName>
    var plans: [AdminAnswer.NodePlan]
    var timer: Timer
    var done: ([AdminAnswer.NodePlan]) -> Void
  }

  private let loop: EventLoop
  private let reloads: Reloads
  private let post: (FleetCommand) -> Void
  private var questions: [UInt64: Question] = [:]
  private var number: UInt64 = 0

  /// How long others may take: an operator waits.
  private static let patience = Duration.seconds(3)
  /// The longest question and answer, in bytes: what is sent has to fit into a frame.
  private static let longest = FleetRuntime.longestPlan

  /// - Parameter post: tells the fleet's thread.
  init(_ reloads: Reloads, on loop: EventLoop, post: @escaping (FleetCommand) -> Void) {
    self.reloads = reloads
    self.loop = loop
    self.post = post
  }

  /// Asks all other nodes what a configuration would change there; told within 3 s, in the order of their names.
  func ask(_ text: [UInt8], _ status: FleetStatus?, done: @escaping ([AdminAnswer.NodePlan]) -> Void) {
    number += 1
    let number = number
    let others = status?.servers.filter { $0.name != status?.me } ?? []
    guard text.count <= Self.longest else {
      let problem = AdminAnswer.Problem(
        "it isn't asked, as the configuration is too long for that: \(text.count) bytes, \(Self.longest) at most",
        hint: "ask it by its own socket")
      return done(others.map { .init(node: $0.name.text, problem: problem) })
    }
    let away = others.filter { !$0.isPresent }.map {
      AdminAnswer.NodePlan(node: $0.name.text, problem: .init("it can't be reached, and would follow when it's back"))
    }
    let timer = Timer(on: loop) { [unowned self] in finish(number) }
    timer.schedule(after: Self.patience)
    questions[number] = Question(
      waits: Set(others.filter(\.isPresent).map(\.name)), plans: away, timer: timer, done: done)
    post(.plan(number: number, text: text))
    if questions[number]?.waits.isEmpty == true { finish(number) }
  }

  /// Takes what another node says.
  func take(_ answer: [UInt8], to number: UInt64, of node: NodeName) {
    guard questions[number]?.waits.remove(node) != nil else { return }
    var plan =
      (try? JSONDecoder().decode(AdminAnswer.NodePlan.self, from: Data(answer)))
      ?? AdminAnswer.NodePlan(node: node.text, problem: .init("it says what this version doesn't understand"))
    plan.node = node.text
    questions[number]?.plans.append(plan)
    if questions[number]?.waits.isEmpty == true { finish(number) }
  }

  /// Tells another node what a configuration would change here.
  func tell(_ text: [UInt8], as number: UInt64, to node: NodeName, me: NodeName) {
    var plan = AdminAnswer.NodePlan(node: me.text)
    do throws(ConfigErrors) {
      let name = reloads.file ?? "the configuration that \(node.text) asks about"
      plan.plan = reloads.plan(try reloads.read(.text(String(decoding: text, as: UTF8.self), name: name)))
    } catch {
      plan.problem = .init(error)
    }
    var answer = encoded(plan)
    if answer.count > Self.longest {
      answer = encoded(.init(node: me.text, problem: .init("its answer is too long", hint: "ask it by its own socket")))
    }
    post(.planned(number: number, answer, to: node))
  }

  /// Ends; who waits gets what is known.
  func stop() {
    for number in questions.keys.sorted() { finish(number) }
  }

  private func finish(_ number: UInt64) {
    guard let question = questions.removeValue(forKey: number) else { return }
    let silent = question.waits.map {
      AdminAnswer.NodePlan(
        node: $0.text, problem: .init("it hasn't answered for \(Self.patience.configured)", hint: "try again"))
    }
    question.done((question.plans + silent).sorted { $0.node < $1.node })
  }

  private func encoded(_ plan: AdminAnswer.NodePlan) -> [UInt8] {
    (try? JSONEncoder().encode(plan)).map { Array($0) } ?? []
  }
}
