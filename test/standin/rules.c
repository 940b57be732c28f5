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

static FILE *open_rules(const char *folder)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/driver", folder);
	return fopen(path, "re");
}

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
	char key[32], value[64];

	memset(rules, 0, sizeof(*rules));
	FILE *file = open_rules(folder);
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
	}
	fclose(file);
	if (rules->ring == 0)
		rules->ring = ring_parameter(folder, rules->module);
	return true;
}

int rules_fault(const char *folder, const char *step, int cpu, int nr)
{
	char line[128], name[32];
	int at, number, error, found = 0;

	FILE *file = open_rules(folder);
	if (file == NULL)
		return 0;
	while (found == 0 && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "fail %31s %d %d %d", name, &at, &number, &error) == 4 && strcmp(name, step) == 0 &&
		    (at < 0 || at == cpu) && number == nr)
			found = error;
	fclose(file);
	return found;
}
