// A queue of another cluster as a lane.
#pragma once

#include "../cluster/attached_queue.h"
#include "lane.h"

namespace sysring {

class QueueSource : public Source {
 public:
  // Interfaces of the queue become `iface` and those after it.
  QueueSource(std::shared_ptr<AttachedQueue> queue, uint16_t iface) : queue_(std::move(queue)), iface_(iface) {}

  std::vector<std::unique_ptr<Lane>> Lanes() override;
  uint64_t Now() const override;
  void Tick() override;
  bool Ended() override;

 private:
  std::shared_ptr<AttachedQueue> queue_;
  uint16_t iface_;
};

}  // namespace sysring
