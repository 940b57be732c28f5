#include "rules.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(name) {#name, offsetof(struct rules, name)}
static const struct { const char *key; size_t at; } NUMBERS[] = {
	NUMBER(possible), NUMBER(online), NUMBER(ring), NUMBER(ioctls), NUMBER(single), NUMBER(max_consumers), NUMBER(api),
	NUMBER(schema), NUMBER(mask_bits), NUMBER(set_limit), NUMBER(unset_limit), NUMBER(mask_full), NUMBER(global_mask),
	NUMBER(global_tps), NUMBER(tps), NUMBER(enabled), NUMBER(snaplen_max),
};

static u64 ring_parameter(const char *folder, const char *module)
{
	char path[512];
	u64 bytes = 0;

	snprintf(path, sizeof(path), "%s/sys/module/%s/parameters/g_buffer_bytes_dim", folder, module);
	FILE *file = fopen(path, "re");
	if (file == NULL || fscanf(file, "%llu", &bytes) != 1)
		bytes = 8 << 20;
	if (file != NULL)
		fclose(file);
	return bytes;
}

bool rules_read(const char *folder, struct rules *rules)
{
	char path[512], key[32], value[64];
	int faults = 0;

	memset(rules, 0, sizeof(*rules));
	snprintf(path, sizeof(path), "%s/driver", folder);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fscanf(file, "%31s %63[^\n]", key, value) == 2) {
		for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(*NUMBERS); i++)
			if (strcmp(key, NUMBERS[i].key) == 0)
				*(u64 *)((char *)rules + NUMBERS[i].at) = strtoull(value, NULL, 0);
		if (strcmp(key, "version") == 0)
			snprintf(rules->version, sizeof(rules->version), "%.31s", value);
		if (strcmp(key, "module") == 0)
			snprintf(rules->module, sizeof(rules->module), "%.31s", value);
		if (strcmp(key, "fail") == 0 && faults < 8) {
			sscanf(value, "%7s %d %d %d", rules->faults[faults].step, &rules->faults[faults].cpu, &rules->faults[faults].nr, &rules->faults[faults].error);
			faults++;
		}
	}
	fclose(file);
	if (rules->ring == 0)
		rules->ring = ring_parameter(folder, rules->module);
	return true;
}

int rules_fault(const struct rules *rules, const char *step, int cpu, int nr)
{
	for (int i = 0; i < 8; i++)
		if (strcmp(rules->faults[i].step, step) == 0 && (rules->faults[i].cpu < 0 || rules->faults[i].cpu == cpu) && rules->faults[i].nr == nr)
			return rules->faults[i].error;
	return 0;
}
