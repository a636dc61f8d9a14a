import { cell, column, inFile, line } from './damage.ts';
import type { Damage } from './damage.ts';

/** What may be wrong with the CSV files. */
export const damagedTables: readonly Damage[] = [
  {
    what: 'no weather file',
    change: (files) => void files.delete('weather.csv'),
    error: 'DataError',
    says: ['folder/weather.csv', 'no such file'],
  },
  {
    what: 'no pricing file though the schema names one',
    change: (files) => void files.delete('pricing.csv'),
    error: 'DataError',
    says: ['folder/pricing.csv', 'no such file'],
  },
  {
    what: 'no carbon file though the schema names one',
    change: (files) => void files.delete('carbon_intensity.csv'),
    error: 'DataError',
    says: ['folder/carbon_intensity.csv', 'no such file'],
  },
  {
    what: 'an empty building file',
    change: inFile('Building_1.csv', () => ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:1', 'empty'],
  },
  {
    what: 'a building file that is only a head',
    change: inFile('Building_1.csv', (text) => `${text.split('\n')[0]!}\n`),
    error: 'DataError',
    says: ['folder/Building_1.csv', '0 rows', 'expected 48'],
  },
  {
    what: 'a short building file',
    change: line('Building_1.csv', 48, () => undefined),
    error: 'DataError',
    says: ['folder/Building_1.csv:48', '47 rows', 'expected 48'],
  },
  {
    what: 'a short weather file',
    change: inFile('weather.csv', (text) => text.split('\n').slice(0, 20).join('\n')),
    error: 'DataError',
    says: ['folder/weather.csv:20', '19 rows'],
  },
  {
    what: 'a carbon file shorter than the building’s',
    change: inFile('carbon_intensity.csv', (text) => text.split('\n').slice(0, 48).join('\n')),
    error: 'DataError',
    says: ['folder/carbon_intensity.csv', '47 rows'],
  },
  {
    what: 'a missing column',
    change: column('Building_1.csv', 7, undefined, ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:1', "missing column 'non_shiftable_load'"],
  },
  {
    what: 'a missing forecast',
    change: column('weather.csv', 15, undefined, ''),
    error: 'DataError',
    says: ['folder/weather.csv:1', "missing column 'direct_solar_irradiance_predicted_3'"],
  },
  {
    what: 'an unknown column',
    change: column('Building_1.csv', 7, 'non_shiftable_lod', '1'),
    error: 'DataError',
    says: ['folder/Building_1.csv:1:8', "'non_shiftable_lod'", "did you mean 'non_shiftable_load'?"],
  },
  {
    what: 'no line of column names',
    change: line('carbon_intensity.csv', 0, () => undefined),
    error: 'DataError',
    says: ['folder/carbon_intensity.csv:1:1', "unknown column '0.1'"],
  },
  {
    what: 'an older head with too few columns',
    change: (files) => void files.set('Building_1.csv', 'Month,Hour,Day Type\n8,1,1\n'),
    error: 'DataError',
    says: ['folder/Building_1.csv:1', '3 columns', 'expected at least 12', 'solar_generation'],
  },
  {
    what: 'a column twice',
    change: column('pricing.csv', 1, 'electricity_pricing', '1'),
    error: 'DataError',
    says: ['folder/pricing.csv:1:2', 'twice'],
  },
  {
    what: 'a row with a cell too many',
    change: line('Building_1.csv', 10, (text) => `${text},7`),
    error: 'DataError',
    says: ['folder/Building_1.csv:11', '13 cells', 'expected 12'],
  },
  {
    what: 'a row with a cell too few',
    change: line('weather.csv', 5, (text) => text.slice(0, text.lastIndexOf(','))),
    error: 'DataError',
    says: ['folder/weather.csv:6', '15 cells', 'expected 16'],
  },
  {
    what: 'a blank line in the middle',
    change: line('weather.csv', 5, () => ''),
    error: 'DataError',
    says: ['folder/weather.csv:6', 'expected 16'],
  },
  {
    what: 'a word for a number',
    change: cell('Building_1.csv', 3, 7, 'lots'),
    error: 'DataError',
    says: ['folder/Building_1.csv:4:8', "'lots' is not a number", 'non_shiftable_load'],
  },
  {
    what: 'a number in another notation',
    change: cell('weather.csv', 3, 0, '0x1f'),
    error: 'DataError',
    says: ['folder/weather.csv:4:1', "'0x1f' is not a number"],
  },
  {
    what: 'a blank load',
    change: cell('Building_1.csv', 3, 7, ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:4:8', "'non_shiftable_load' is blank"],
  },
  {
    what: 'a NaN price',
    change: cell('pricing.csv', 9, 2, 'NaN'),
    error: 'DataError',
    says: ['folder/pricing.csv:10:3', 'electricity_pricing_predicted_2'],
  },
  {
    what: 'an infinite temperature',
    change: cell('weather.csv', 9, 0, 'inf'),
    error: 'DataError',
    says: ['folder/weather.csv:10:1', 'not finite'],
  },
  {
    what: 'a number too large for a float',
    change: cell('Building_1.csv', 9, 7, '1e999'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:8', "'1e999' is not finite"],
  },
  {
    what: 'a number beyond all sense',
    change: cell('weather.csv', 9, 0, '1e12'),
    error: 'DataError',
    says: ['folder/weather.csv:10:1', "'outdoor_dry_bulb_temperature' is 1000000000000", 'at most 1000000000 in size'],
  },
  {
    what: 'a negative load',
    change: cell('Building_1.csv', 9, 7, '-0.1'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:8', '-0.1', '≥ 0'],
  },
  {
    what: 'hour 25',
    change: cell('Building_1.csv', 9, 1, '25'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:2', "'hour' is 25", 'from 0 to 24'],
  },
  {
    what: 'month 0',
    change: cell('Building_1.csv', 9, 0, '0'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:1', "'month' is 0", 'from 1 to 12'],
  },
  {
    what: 'half a month',
    change: cell('Building_1.csv', 9, 0, '7.5'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:1', "'month' is 7.5", 'whole number'],
  },
  {
    what: 'a step that cools and heats',
    change: (files) => {
      cell('Building_1.csv', 5, 9, '0.7')(files);
      cell('Building_1.csv', 5, 10, '0.2')(files);
    },
    error: 'DataError',
    says: ['folder/Building_1.csv:6:11', "'cooling_demand' is 0.7 and 'heating_demand' 0.2", 'one of them to be 0'],
  },
  {
    what: 'a blank demand',
    change: cell('Building_1.csv', 5, 8, ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:6:9', "'dhw_demand' is blank"],
  },
];
