// Loads our eBPF programs, gives them one ring per online CPU, attaches them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../probe.h"

struct probe_bpf;

namespace sysring {

struct BpfOptions {
  uint32_t ring_bytes = 8u << 20;   // per CPU; a power of two, 128 KiB … 1 GiB
  uint32_t snaplen = 80;            // 0 … MAX_SNAPLEN
  bool dynamic_snaplen = false;     // more of recognised protocols
  uint16_t full_ports_first = 0, full_ports_last = 0;  // with dynamic_snaplen: all of these ports' traffic; none: 0
  bool exit_only = false;           // exit events only, with all parameters on them
  uint32_t self_tgid = 0;           // 0: the capturing process is captured too
  std::array<uint8_t, MAX_SYSCALLS> needs{};  // by system call number: ENTER_NEEDS, EXIT_NEEDS
  pid_filter filter = PIDS_OFF;
  std::vector<uint32_t> pids;
  bool pid_children = false;        // the list also means the processes that those have started
  // Bit sets of enum need.
  uint8_t procexit = 0, signaldeliver = 0, sched_switch = 0, page_fault = 0;
  // The predicate: what a record that is wanted has to be. All that is given has to hold.
  std::optional<std::vector<uint32_t>> match_pids, match_tids;
  std::optional<std::vector<std::string>> match_comms;  // each shorter than COMM_SIZE
  bool match_failed = false;
  bool drop_failed = false;         // no exit events of calls that failed
};

class BpfProbe : public Probe {
 public:
  // Loads the programs; nothing is attached yet. Throws Failure.
  explicit BpfProbe(const BpfOptions& options);
  ~BpfProbe() override;

  void Start() override;
  void Stop() override;
  int Tick() override;
  void LeaveOut(const std::vector<uint32_t>& pids) override;
  int64_t Now() const override;
  uint64_t Filtered(int cpu) const override;
  uint64_t DropsWithoutRing() const override;

 private:
  void Load(const BpfOptions& options, uint32_t ring_bytes);
  void FillSets(const BpfOptions& options);
  void FillStages();
  void MapRings(uint32_t ring_bytes);

  probe_bpf* bpf_ = nullptr;
  std::vector<int> cpus_;
  std::vector<uint32_t> left_out_;
};

}  // namespace sysring
