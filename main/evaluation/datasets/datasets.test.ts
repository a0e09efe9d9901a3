import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isicClasses } from '../../contract/settings.ts';
import { sharedFolder, sharedPath } from '../../testing/shared.ts';
import { refusalOf, temporaryFolder } from '../testing/sets.ts';
import { readCifarImage } from './cifar100.ts';
import { alignClasses, datasetFormats, openDataset } from './datasets.ts';
import { pathInside } from './images.ts';
import type { DatasetSource } from '../../contract/dataset.ts';
import type { LabelledSet } from './labelled-set.ts';

const source = (
  images: string,
  labels: string | null = null,
  lesions: string | null = null,
): DatasetSource => ({
  images,
  labels,
  lesions,
});
const lines = (...rows: readonly string[]) => rows.join('\n');
const truthHeader = `image,${isicClasses.join(',')}`;
/** A ground-truth row with 1.0 in the column of a class. */
const truthRow = (id: string, code: string) =>
  [id, ...isicClasses.map((other) => (other === code ? '1.0' : '0.0'))].join(',');

/** Class and lesion of every item. */
const contents = (set: LabelledSet) =>
  set.items.map(({ id, label, lesion }) => [id, set.classes[label], lesion]);
const problemsOf = (set: LabelledSet) =>
  Object.fromEntries(set.problems.map(({ code, subjects }) => [code, subjects]));

describe('the ISIC 2018 layout', () => {
  const files = {
    'T_Input/ISIC_1.jpg': '',
    'T_Input/ISIC_2.jpg': '',
    'T_Input/ISIC_3.jpg': '',
    'T_Input/ATTRIBUTION.txt': '',
    'T_Input/.hidden.jpg': '',
    'T_GroundTruth.csv': lines(
      truthHeader,
      truthRow('ISIC_2', 'NV'),
      truthRow('ISIC_1', 'MEL'),
      truthRow('ISIC_3', 'NV'),
    ),
    'T_LesionGroupings.csv': 'image,lesion_id,diagnosis_confirm_type\nISIC_1,L1,x\nISIC_2,L1,x\n',
  };

  it('is found by its names alone, lesions included', async () => {
    const folder = temporaryFolder(files);
    const set = await openDataset(source(join(folder, 'T_Input')));
    expect(set.format).toBe('isic2018');
    expect(set.classes).toEqual(isicClasses);
    expect(set.names[0]).toBe('Melanoma');
    expect(contents(set)).toEqual([
      ['ISIC_2', 'NV', 'L1'],
      ['ISIC_1', 'MEL', 'L1'],
      ['ISIC_3', 'NV', null],
    ]);
    expect(set.items[0]!.image).toEqual({ kind: 'file', path: join(folder, 'T_Input', 'ISIC_2.jpg') });
    expect(problemsOf(set)).toEqual({
      CLASS_EMPTY: ['BCC', 'AKIEC', 'BKL', 'DF', 'VASC'],
      LESIONS_UNKNOWN: ['ISIC_3'],
    });
  });

  it('lists everything that does not fit together', async () => {
    const folder = temporaryFolder({
      'images/a/ISIC_1.jpg': '',
      'images/b/ISIC_1.png': '',
      'images/ISIC_2.jpg': '',
      'images/ISIC_5.jpg': '',
      'images/ISIC_6.jpg': '',
      'images/ISIC_7.jpg': '',
      'labels.csv': lines(
        truthHeader,
        truthRow('ISIC_1', 'MEL'),
        truthRow('ISIC_2.jpg', 'NV'),
        truthRow('ISIC_2', 'NV'),
        truthRow('ISIC_3', 'NV'),
        truthRow('ISIC_4', 'none'),
        truthRow('ISIC_5', 'NV').replace('0.0', '1.0'),
        truthRow('ISIC_6', 'MEL'),
        truthRow('ISIC_6', 'NV'),
        truthRow('', 'NV'),
      ),
      // Of these, ISIC_3 has no file, ISIC_5 and ISIC_6 no label: they are listed for that already.
      'lesions.csv':
        'image,lesion_id\nISIC_1,L1\nISIC_1,L2\nISIC_2,L3\nISIC_3,L3\nISIC_5,L5\nISIC_6,L6\nISIC_8,L3\nISIC_9,\n',
    });
    const set = await openDataset(
      source(`${folder}/images`, `${folder}/labels.csv`, `${folder}/lesions.csv`),
    );
    expect(contents(set)).toEqual([
      ['ISIC_1', 'MEL', null],
      ['ISIC_2', 'NV', 'L3'],
    ]);
    expect(set.items[0]!.image).toMatchObject({ path: join(folder, 'images/a/ISIC_1.jpg') });
    expect(problemsOf(set)).toEqual({
      LABEL_MISSING: ['ISIC_4 (line 6)'],
      LABEL_SEVERAL: ['ISIC_5 (line 7)'],
      IMAGE_NAME_MISSING: ['(line 10)'],
      LABEL_CONFLICT: ['ISIC_6'],
      LABEL_WITHOUT_IMAGE: ['ISIC_3'],
      IMAGE_WITHOUT_LABEL: ['ISIC_5', 'ISIC_6', 'ISIC_7'],
      IMAGE_DUPLICATE: ['ISIC_2'],
      LESION_CONFLICT: ['ISIC_1'],
      LESION_WITHOUT_IMAGE: ['ISIC_8'],
      IMAGE_AMBIGUOUS: ['ISIC_1'],
      CLASS_EMPTY: ['BCC', 'AKIEC', 'BKL', 'DF', 'VASC'],
      LESIONS_UNKNOWN: ['ISIC_1'],
    });
    expect(set.problems.find(({ code }) => code === 'LABEL_WITHOUT_IMAGE')).toEqual({
      code: 'LABEL_WITHOUT_IMAGE',
      message: '1 label has no image: ISIC_3.',
      subjects: ['ISIC_3'],
      excluded: true,
    });
    expect(set.problems.find(({ code }) => code === 'LESION_WITHOUT_IMAGE')).toMatchObject({
      message: '1 lesion is given to an unknown image: ISIC_8.',
      excluded: false,
    });
    // What costs images stands first.
    const excluded = set.problems.map((problem) => problem.excluded);
    expect(excluded).toEqual([...excluded].sort((a, b) => Number(b) - Number(a)));
  });

  it('says of groupings of another set that none of them is used', async () => {
    const folder = temporaryFolder({ ...files, 'lesions.csv': 'image,lesion_id\nHAM_1,L1\nHAM_2,L1\n' });
    const set = await openDataset(source(`${folder}/T_Input`, null, `${folder}/lesions.csv`));
    expect(problemsOf(set)).toMatchObject({
      LESION_WITHOUT_IMAGE: ['HAM_1', 'HAM_2'],
      LESIONS_UNKNOWN: ['ISIC_2', 'ISIC_1', 'ISIC_3'],
    });
  });

  it('is recognised in a wrong order of columns, and then refused with the right reason', async () => {
    const folder = temporaryFolder({ 'a.jpg': '', 'l.csv': 'image,NV,MEL,BCC,AKIEC,BKL,DF,VASC\n' });
    expect(await refusalOf(() => openDataset(source(folder, `${folder}/l.csv`)))).toEqual({
      code: 'CSV_COLUMN_ORDER',
      message: 'The columns of l.csv are image,NV,MEL,BCC,AKIEC,BKL,DF,VASC.',
    });
  });

  it('needs lesion groupings to say image and lesion', async () => {
    const folder = temporaryFolder({ ...files, 'lesions.csv': 'image,group\nISIC_1,L\n' });
    const chosen = source(`${folder}/T_Input`, null, `${folder}/lesions.csv`);
    expect(await refusalOf(() => openDataset(chosen))).toEqual({
      code: 'CSV_COLUMN_MISSING',
      message: 'lesions.csv lacks lesion_id.',
    });
  });

  it('says so when nothing fits together', async () => {
    const folder = temporaryFolder({ 'i/x.jpg': '', 'l.csv': lines(truthHeader, truthRow('ISIC_1', 'NV')) });
    expect(await refusalOf(() => openDataset(source(`${folder}/i`, `${folder}/l.csv`)))).toEqual({
      code: 'DATASET_EMPTY',
      message: 'No image has both a file and a label. 1 label has no image: ISIC_1. 1 image has no label: x.',
    });
  });

  it.skipIf(sharedFolder() === null || !existsSync(sharedPath('isic2018')))(
    'of the real set is complete',
    async () => {
      const set = await openDataset(source(sharedPath('isic2018', 'ISIC2018_Task3_Validation_Input')));
      expect(set.items.length).toBe(193);
      expect(set.problems).toEqual([]);
      const counts = set.classes.map((_, index) => set.items.filter((item) => item.label === index).length);
      expect(counts[1]).toBe(123);
      expect([counts[5], counts[6]]).toEqual([1, 3]);
    },
  );
});

it('HAM10000 names class and lesion in one table', async () => {
  const folder = temporaryFolder({
    'HAM10000_images_part_1/ISIC_1.jpg': '',
    'HAM10000_images_part_2/ISIC_2.jpg': '',
    'HAM10000_images_part_2/ISIC_3.jpg': '',
    'HAM10000_images_part_2/ISIC_4.jpg': '',
    'HAM10000_images_part_2/ISIC_6.jpg': '',
    'HAM10000_metadata.csv': lines(
      'lesion_id,image_id,dx,dx_type,age,sex,localization',
      'HAM_1,ISIC_1,bkl,histo,80.0,male,scalp',
      'HAM_1,ISIC_2,bkl,histo,80.0,male,scalp',
      ',ISIC_3,mel,histo,80.0,male,scalp',
      'HAM_3,ISIC_4,scc,histo,80.0,male,scalp',
      'HAM_4,ISIC_5,nv,histo,80.0,male,scalp',
      'HAM_5,ISIC_6,,histo,80.0,male,scalp',
      'HAM_1,ISIC_1,bkl,histo,80.0,male,scalp',
    ),
  });
  const set = await openDataset(source(folder, `${folder}/HAM10000_metadata.csv`));
  expect(set.format).toBe('ham10000');
  expect(contents(set)).toEqual([
    ['ISIC_1', 'BKL', 'HAM_1'],
    ['ISIC_2', 'BKL', 'HAM_1'],
    ['ISIC_3', 'MEL', null],
  ]);
  expect(problemsOf(set)).toMatchObject({
    CLASS_UNKNOWN: ['ISIC_4 (line 5): scc'],
    LABEL_WITHOUT_IMAGE: ['ISIC_5'],
    LABEL_MISSING: ['ISIC_6 (line 7)'],
    IMAGE_DUPLICATE: ['ISIC_1'],
    IMAGE_WITHOUT_LABEL: ['ISIC_4', 'ISIC_6'],
    LESIONS_UNKNOWN: ['ISIC_3'],
  });
});

describe('a folder per class', () => {
  it('takes the folders as classes, and the ISIC codes in their own order', async () => {
    const folder = temporaryFolder({
      'nv/1.jpg': '',
      'mel/deep/2.png': '',
      'bcc/notes.txt': '',
      'loose.jpg': '',
    });
    const set = await openDataset(source(folder));
    expect(set.format).toBe('class-folders');
    expect(contents(set)).toEqual([
      ['mel/deep/2.png', 'MEL', null],
      ['nv/1.jpg', 'NV', null],
    ]);
    expect(problemsOf(set)).toMatchObject({
      IMAGE_WITHOUT_LABEL: ['loose.jpg'],
      CLASS_EMPTY: ['BCC', 'AKIEC', 'BKL', 'DF', 'VASC'],
    });
  });

  it('takes other names as they are', async () => {
    const folder = temporaryFolder({ 'naevus_benign/1.jpg': '', 'Wart/2.jpg': '', 'empty/x.txt': '' });
    const set = await openDataset(source(folder));
    expect(set.classes).toEqual(['Wart', 'empty', 'naevus_benign']);
    expect(set.names).toEqual(['Wart', 'empty', 'naevus benign']);
    expect(problemsOf(set).CLASS_EMPTY).toEqual(['empty']);
  });

  it('follows no links', async () => {
    const outside = temporaryFolder({ 'secret.jpg': '' });
    const folder = temporaryFolder({ 'A/1.jpg': '', 'B/2.jpg': '' });
    symlinkSync(outside, join(folder, 'B', 'link'));
    symlinkSync(join(outside, 'secret.jpg'), join(folder, 'A', 'secret.jpg'));
    const set = await openDataset(source(folder));
    expect(set.items.map((item) => item.id)).toEqual(['A/1.jpg', 'B/2.jpg']);
    expect(problemsOf(set).IMAGE_LINK?.toSorted()).toEqual(['A/secret.jpg', 'B/link']);
  });
});

describe('a CSV of path,label', () => {
  it('names images by their paths in the folder, with either slash', async () => {
    const folder = temporaryFolder({
      'i/a/1.jpg': '',
      'i/2.png': '',
      'i/3.webp': '',
      'labels.csv':
        'Path,Label,lesion_id,camera\na/1.jpg,wart,L1,x\n.\\a\\..\\2.png,scar,L2,y\na/./1.jpg,wart,L1,x\n3.webp,,L3,z\n',
    });
    const set = await openDataset(source(`${folder}/i`, `${folder}/labels.csv`));
    expect(set.format).toBe('path-label');
    expect(contents(set)).toEqual([
      ['a/1.jpg', 'wart', 'L1'],
      ['2.png', 'scar', 'L2'],
    ]);
    expect(problemsOf(set)).toEqual({
      LABEL_MISSING: ['3.webp (line 5)'],
      IMAGE_WITHOUT_LABEL: ['3.webp'],
      IMAGE_DUPLICATE: ['a/1.jpg'],
      CSV_COLUMN_EXTRA: ['camera'],
    });
  });

  it('never leaves its folder', async () => {
    const escapes = [
      '../secret.jpg',
      'a/../../secret.jpg',
      '/etc/secret.jpg',
      'C:\\secret.jpg',
      '\\\\host\\x.jpg',
      '..',
    ];
    const folder = temporaryFolder({
      'secret.jpg': '',
      'i/1.jpg': '',
      'labels.csv': lines('path,label', '1.jpg,a', ...escapes.map((path) => `${path},a`)),
    });
    const set = await openDataset(source(`${folder}/i`, `${folder}/labels.csv`));
    expect(set.items.map((item) => item.id)).toEqual(['1.jpg']);
    expect(problemsOf(set).IMAGE_OUTSIDE_FOLDER).toEqual(
      escapes.map((path, index) => `${path} (line ${index + 3})`),
    );
  });

  it.each([
    ['a/b.jpg', 'a/b.jpg'],
    ['./a//b.jpg', 'a/b.jpg'],
    ['a/../b.jpg', 'b.jpg'],
    ['...', '...'],
    ['a\0b', null],
    ['', null],
    ['.', null],
    ['c:b.jpg', null],
  ])('reads the path %j as %j', (text, inside) => {
    expect(pathInside(text)).toBe(inside);
  });
});

describe('CIFAR-100', () => {
  /** A record whose pixels count up. */
  function record(fine: number): Uint8Array {
    const bytes = new Uint8Array(3074);
    bytes.set([3, fine]);
    for (let place = 2; place < bytes.length; place++) bytes[place] = (place - 2 + fine) % 251;
    return bytes;
  }
  const file = (...labels: readonly number[]) => Buffer.concat(labels.map(record));

  it('gives labels, prompts and pixels', async () => {
    const folder = temporaryFolder({ 'test.bin': file(...new Array<number>(2000).fill(99), 1, 100) });
    const set = await openDataset(source(folder));
    expect(set.format).toBe('cifar100');
    expect([set.classes[1], set.names[1], set.classes[99]]).toEqual([
      'aquarium_fish',
      'aquarium fish',
      'worm',
    ]);
    expect(set.items.length).toBe(2001);
    const last = set.items.at(-1)!;
    expect(last).toMatchObject({ id: 'test_02000', label: 1 });
    expect(problemsOf(set).CLASS_UNKNOWN).toEqual(['test_02001: 100']);

    if (last.image.kind !== 'cifar') throw new Error('not a CIFAR image');
    const { width, height, data } = await readCifarImage(last.image);
    expect([width, height, data.length]).toEqual([32, 32, 3072]);
    // Second pixel of the third row: place 65 of each plane of 1024, shifted by the label.
    expect([...data.subarray(3 * 65, 3 * 66)]).toEqual([66 % 251, (1024 + 66) % 251, (2048 + 66) % 251]);
    expect(
      await refusalOf(() => readCifarImage({ ...last.image, kind: 'cifar', offset: 2002 * 3074 })),
    ).toEqual({
      code: 'CIFAR_INVALID',
      message: 'test.bin ends inside an image.',
    });
  });

  it('takes the names beside the data, if they are a hundred', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `class_${index}`);
    const folder = temporaryFolder({
      'train.bin': file(7),
      'fine_label_names.txt': `${names.join('\r\n')}\r\n`,
    });
    expect((await openDataset(source(`${folder}/train.bin`))).names[7]).toBe('class 7');
    const short = temporaryFolder({ 'test.bin': file(7), 'fine_label_names.txt': 'apple\n' });
    expect(await refusalOf(() => openDataset(source(short)))).toEqual({
      code: 'CIFAR_INVALID',
      message: 'fine_label_names.txt holds 1 distinct names, not 100.',
    });
  });

  it.each([
    ['an empty file', 0],
    ['a file that ends inside an image', 3074 + 100],
  ])('refuses %s', async (_, size) => {
    const folder = temporaryFolder({ 'test.bin': new Uint8Array(size) });
    expect(await refusalOf(() => openDataset(source(folder)))).toEqual({
      code: 'CIFAR_INVALID',
      message: `test.bin has ${size} bytes, not 1 to 100000 records of 3074.`,
    });
  });
});

describe('opening', () => {
  it('refuses what no format knows', async () => {
    const folder = temporaryFolder({ 'a.jpg': '', 'strange.csv': 'x,y\n1,2\n' });
    expect(await refusalOf(() => openDataset(source(folder, `${folder}/strange.csv`)))).toMatchObject({
      code: 'DATASET_UNRECOGNISED',
    });
    expect(await refusalOf(() => openDataset(source(folder)))).toMatchObject({
      code: 'DATASET_UNRECOGNISED',
    });
  });

  it('takes lesion groupings whatever names the images, by path, file or name without extension', async () => {
    const folder = temporaryFolder({
      'a/1.jpg': '',
      'a/2.png': '',
      'b/3.png': '',
      'b/4.jpg': '',
      'l.csv': 'path,label,lesion\na/1.jpg,a,own\na/2.png,a,own\nb/3.png,b,own\nb/4.jpg,b,own\n',
      'm.csv': 'lesion_id,image_id,dx\nown,1,nv\nown,2,nv\nown,3,nv\nown,4,nv\n',
      'g.csv': 'image,lesion_id\na/1.jpg,L1\n2.png,L2\n3,L3\n',
    });
    const lesionsOf = async (labels: string | null) => {
      const set = await openDataset(source(folder, labels, `${folder}/g.csv`));
      return set.items.map(({ lesion }) => lesion);
    };
    expect(await lesionsOf(null)).toEqual(['L1', 'L2', 'L3', null]);
    // Where the labels name lesions of their own, the groupings are asked first.
    expect(await lesionsOf(`${folder}/l.csv`)).toEqual(['L1', 'L2', 'L3', 'own']);
    expect((await lesionsOf(`${folder}/m.csv`)).slice(2)).toEqual(['L3', 'own']);
    const missing = openDataset(source(folder, null, `${folder}/absent.csv`));
    expect((await refusalOf(() => missing)).code).toBe('DATASET_NOT_FOUND');
  });

  it('says which folder is not there', async () => {
    const folder = temporaryFolder({ 'l.csv': 'path,label\n1.jpg,a\n' });
    const refusal = await refusalOf(() => openDataset(source(`${folder}/absent`, `${folder}/l.csv`)));
    expect(refusal.code).toBe('DATASET_NOT_FOUND');
    expect(refusal.message).toContain('absent could not be listed');
    expect(await refusalOf(() => openDataset(source(`${folder}/absent`)))).toMatchObject({
      code: 'DATASET_NOT_FOUND',
    });
    // A file in the place of the folder.
    expect(await refusalOf(() => openDataset(source(`${folder}/l.csv`)))).toMatchObject({
      code: 'DATASET_NOT_FOUND',
    });
  });

  it.each([
    ['absent.csv', 'DATASET_NOT_FOUND'],
    ['empty.csv', 'CSV_EMPTY'],
    ['folder', 'DATASET_NOT_FOUND'],
  ])('says what is wrong with labels that are no table: %s', async (name, code) => {
    const folder = temporaryFolder({
      'a.jpg': '',
      'empty.csv': '',
    });
    mkdirSync(`${folder}/folder`);
    expect((await refusalOf(() => openDataset(source(folder, `${folder}/${name}`)))).code).toBe(code);
  });

  it('can be cancelled', async () => {
    const folder = temporaryFolder({ 'A/1.jpg': '', 'B/2.jpg': '' });
    const call = () => openDataset(source(folder), AbortSignal.abort());
    expect(await refusalOf(call)).toMatchObject({ code: 'CANCELLED' });
  });

  it('has one id per format', () => {
    expect(new Set(datasetFormats.map((format) => format.id)).size).toBe(datasetFormats.length);
  });
});

describe('classes of a model', () => {
  const set: LabelledSet = {
    format: 'path-label',
    classes: ['mel', 'nevus', 'wart'],
    names: ['mel', 'Nevus', 'wart'],
    items: [0, 1, 2].map((label) => ({
      id: `image ${label}`,
      image: { kind: 'file', path: `/x/${label}.jpg` },
      label,
      lesion: null,
    })),
    problems: [],
  };

  it('are found by code, whatever its case, and others are listed', () => {
    const aligned = alignClasses(set, ['MEL', 'NEVUS', 'BCC']);
    expect(aligned.items.map((item) => [item.id, item.label])).toEqual([
      ['image 0', 0],
      ['image 1', 1],
    ]);
    expect(aligned.names).toEqual(['Melanoma', 'Nevus', 'Basal cell carcinoma']);
    expect(aligned.problems).toEqual([
      {
        code: 'CLASS_UNKNOWN',
        message: '1 image has an unknown class: image 2: wart.',
        subjects: ['image 2: wart'],
        excluded: true,
      },
      { code: 'CLASS_EMPTY', message: '1 class has no images: BCC.', subjects: ['BCC'], excluded: false },
    ]);
  });

  it('are refused where none fits', async () => {
    expect(await refusalOf(() => alignClasses(set, ['cat']))).toEqual({
      code: 'DATASET_EMPTY',
      message: 'The model knows none of the classes mel, nevus, wart.',
    });
  });
});

it('a labelled folder names the pictures in it that are not read; tables and notes are none', async () => {
  const folder = temporaryFolder({
    'MEL/1.jpg': '',
    'NV/2.jpg': '',
    'NV/3.heic': '\0\0\0\x18ftypheic\0\0\0\0',
    'NV/4.bin': 'GIF89a\x01\0\x01\0',
    'NV/README.txt': 'Taken in June.',
  });
  const set = await openDataset(source(folder));
  expect(set.items).toHaveLength(2);
  expect(problemsOf(set)).toMatchObject({ IMAGE_HEIC: ['NV/3.heic'], IMAGE_GIF: ['NV/4.bin'] });
  const heic = set.problems.find(({ code }) => code === 'IMAGE_HEIC');
  expect(heic).toMatchObject({ excluded: true, message: '1 HEIC image is not read: NV/3.heic.' });
});
