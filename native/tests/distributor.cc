// Tests of native/balance without Node: where each record goes, what is left of it, and that none is lost. Run as queue.cc is.
#include <algorithm>
#include <array>
#include <map>

#include "events.h"
#include "files.h"
#include "records.h"

using namespace sysring;

namespace {

uint32_t times = 1;

// Each of a number of applications with its own queues, filters and snaplens; queues that are emptied now and then, or are not.
void Conservation() {
  Random random(1);
  for (uint32_t round = 0; round < 15 * times; round++) {
    DistributorOptions options;
    options.traits = Traits();
    options.copies_state = round % 3 != 0;
    for (uint32_t app = 1 + random(3); app > 0; app--) options.applications.push_back({static_cast<Key>(random(6)), 1 + random(4)});
    uint32_t queues = 0;
    for (auto& application : options.applications) queues += application.queues;
    options.queues.resize(queues);
    for (auto& policy : options.queues) {
      if (random(2) == 0) policy.snaplen = 1 + random(100);
      if (random(2) != 0) continue;
      policy.wanted.assign(kEventCodes, 1);
      for (auto& wanted : policy.wanted) wanted = random(4) != 0;
    }
    const auto policies = options.queues;
    const auto applications = options.applications;
    ClusterMemory memory(Options(queues));
    Distributor distributor(memory, options);
    std::vector<std::unique_ptr<AttachedQueue>> consumers;
    for (uint32_t q = 0; q < queues; q++) consumers.push_back(std::make_unique<AttachedQueue>(memory.FilesOf(q), q));

    // By number of the record, which is its time: its parameters, and who had it.
    std::map<uint64_t, std::vector<std::string>> made;
    std::map<uint64_t, uint64_t> had, copied;
    std::vector<uint64_t> delivered(queues), copies(queues);
    auto consume = [&](uint32_t q) {
      QueueReader& reader = consumers[q]->reader();
      uint64_t last = 0;
      CHECK(reader.Release(Walk(reader, [&](const queue_entry& entry, const uint8_t* at, uint32_t) {
        uint64_t number;
        memcpy(&number, at, 8);
        CHECK(number > last && made.count(number));
        last = number;
        const bool copy = entry.flags & kStateOnly;
        (copy ? copies : delivered)[q]++;
        (copy ? copied : had)[number] |= uint64_t{1} << q;
        const std::vector<std::string>& whole = made[number];
        if (entry.flags & kPacket) {
          const uint32_t kept = policies[q].snaplen ? std::min<uint32_t>(policies[q].snaplen, static_cast<uint32_t>(whole[0].size())) : static_cast<uint32_t>(whole[0].size());
          packet_header header;
          memcpy(&header, at, sizeof header);
          CHECK(header.len == 1500 && entry.len == sizeof header + kept && memcmp(at + sizeof header, whole[0].data(), kept) == 0);
          return;
        }
        const RecordView record(at, entry.len);
        auto params = Params(at, entry.len);
        CHECK(params.size() == whole.size());
        for (size_t i = 0; i < whole.size(); i++) {
          const bool cut = record.type() == kReadReturns && i == 1 && policies[q].snaplen > 0;
          CHECK(params[i] == (cut ? whole[i].substr(0, policies[q].snaplen) : whole[i]));
        }
        CHECK(policies[q].wanted.empty() || policies[q].wanted[std::min<uint16_t>(record.type(), kPacketCode - 1)]);
        CHECK(entry.note == 0 || memcmp(at + entry.len, "note", 4) == 0);
      })));
    };
    uint64_t refused = 0;
    const uint32_t records = 1500;
    for (uint64_t number = 1; number <= records; number++) {
      // Unknown types as well, and more bytes than some queues have room for.
      const uint16_t type = static_cast<uint16_t>(random(10) == 0 ? random(65536) : random(14));
      std::vector<std::string> params{Bytes(random(5) - 1), std::string(random(random(10) == 0 ? 60000 : 200), static_cast<char>(number)), Bytes(random(100))};
      std::vector<uint8_t> record = Event(number, random(50), type, params);
      Entry entry = EntryOf(record);
      if (random(5) == 0) {
        params = {std::string(random(1500), 'p')};
        record.assign(params[0].begin(), params[0].end());
        entry = {record.data(), static_cast<uint32_t>(record.size()), kPacket};
        entry.ts = number, entry.wire_len = 1500;
      }
      entry.cpu = static_cast<uint16_t>(random(8));
      entry.note = random(4) == 0 ? 4 : 0;
      entry.note_data = reinterpret_cast<const uint8_t*>("note");
      made[number] = params;
      const bool none = random(50) == 0;
      refused += none;
      distributor.Distribute(entry, none ? Distributor::kNone : random(10) == 0 ? random(20) : Distributor::kByKey);
      if (random(30) == 0) consume(random(queues));
    }
    distributor.Publish();
    for (uint32_t q = 0; q < queues; q++) consume(q);

    CHECK(distributor.seen() == records && distributor.refused() == refused);
    uint32_t first = 0;
    for (const auto& application : applications) {
      uint64_t sum = refused;
      for (uint32_t q = first; q < first + application.queues; q++) {
        const QueueCounters counters = memory.Counters(q);
        CHECK(counters.received == delivered[q] && counters.state_received == copies[q] && (options.copies_state || copies[q] + counters.state_dropped == 0));
        sum += counters.received + counters.dropped + counters.filtered;
      }
      CHECK(sum == records);
      // Never on two queues of one application, and nowhere as itself and as a copy.
      const uint64_t ours = ((uint64_t{1} << application.queues) - 1) << first;
      for (auto& [number, mask] : had) CHECK(((mask & ours) & ((mask & ours) - 1)) == 0 && (mask & copied[number]) == 0);
      first += application.queues;
    }
  }
  ClusterMemory memory(Options(2));
  for (uint32_t queues : {0u, 1u, 3u, UINT32_MAX}) CHECK(FailureOf([&] { Distributor wrong(memory, {{{Key::kTid, queues}}, {}, Traits()}); }) == "ERR_CAPTURE_OPTION");
}

// Where state changes, all queues know; where nothing is full, all of them.
void CopiesOfState() {
  ClusterMemory memory(Options(4));
  Distributor distributor(memory, {{{Key::kTid, 3}, {Key::kTid, 1}}, {}, Traits()});
  auto changes = Event(1, 7, kExit, {}), plain = Event(2, 7, kRead, {Bytes(3)});
  distributor.Distribute(EntryOf(changes));
  distributor.Distribute(EntryOf(plain));
  // From a cluster before this one: a copy there is one here.
  distributor.Distribute(EntryOf(changes, kStateOnly), Distributor::kNone);
  distributor.Publish();
  const std::array<uint64_t, 4> received{0, 2, 0, 2}, copies{2, 1, 2, 1};
  for (uint32_t q = 0; q < 4; q++) CHECK(memory.Counters(q).received == received[q] && memory.Counters(q).state_received == copies[q]);
  CHECK(distributor.seen() == 2 && distributor.refused() == 0);
}

// Records as no driver writes them, each in memory of its own so that the sanitizer sees a byte too far.
void RubbishRecords() {
  Random random(2);
  ClusterMemory memory(Options(3));
  DistributorOptions options{{{Key::kFlow, 2}, {Key::kFd, 1}}, std::vector<QueuePolicy>(3), Traits()};
  for (auto& each : options.traits) {
    for (int8_t* field : {&each.fd, &each.tuple, &each.res, &each.pid, &each.ptid, &each.data}) *field = static_cast<int8_t>(random(8)) - 1;
    each.traits = static_cast<uint8_t>(random(32));
    each.params = static_cast<uint8_t>(random(10));
  }
  for (auto& policy : options.queues) policy.snaplen = random(20);
  Distributor distributor(memory, options);
  for (uint32_t round = 0; round < 20000 * times; round++) {
    std::vector<uint8_t> record;
    if (random(2) == 0) {
      record.resize(26 + random(100));
      for (auto& byte : record) byte = static_cast<uint8_t>(random(3) == 0 ? random(256) : 0);
    } else {
      std::vector<std::string> params(random(8));
      for (auto& param : params) param = random(2) == 0 ? Bytes(random(100), random(2) == 0 ? 4 : 8) : Tuple(std::string(4, 'a'), 1, std::string(4, 'b'), 2);
      record = Event(round, random(5000000), static_cast<uint16_t>(random(512)), params);
      record[random(static_cast<uint32_t>(record.size()))] = static_cast<uint8_t>(random(256));
    }
    Entry entry = EntryOf(record, static_cast<uint16_t>(random(10) == 0 ? kOldHeader : random(10) == 0 ? kPacket : 0));
    if (entry.flags & kOldHeader) {
      record.erase(record.begin() + RecordView::kOldHeader, record.begin() + RecordView::kHeader);
      record.shrink_to_fit();
      entry = EntryOf(record, kOldHeader);
    }
    distributor.Distribute(entry);
  }
  CHECK(distributor.seen() == 20000u * times);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) times = static_cast<uint32_t>(atoi(argv[1]));
  RUN(Conservation);
  RUN(CopiesOfState);
  RUN(RubbishRecords);
  printf("all\n");
}
