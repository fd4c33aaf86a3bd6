package org.mobilevos.demo;

import android.content.Context;
import android.net.Uri;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import org.mobilevos.core.Mask;
import org.mobilevos.core.PalettePng;
import org.mobilevos.core.RgbImage;

/**
 * The results of a video that was followed: an mp4 and a mask for each frame. They lie in the app's own folder until
 * they are copied whole to where the user wants them, so that nothing is lost when that fails.
 */
final class VideoResults {
    // Enough for the rest of the mp4 that the encoder still has, and for Android itself.
    private static final long LEAST_FREE = 64L << 20;

    private final Context context;
    private final File masks;
    private final File unfinished;
    private final File video;
    private VideoWriter writer;
    private PalettePng png;
    private int frames;
    private String problem;

    VideoResults(Context context) {
        this.context = context;
        File folder = new File(context.getFilesDir(), "video");
        masks = new File(folder, "masks");
        unfinished = new File(folder, "unfinished.mp4");
        video = new File(folder, "overlay.mp4");
    }

    int frames() {
        return frames;
    }

    boolean hasVideo() {
        return video.length() > 0;
    }

    /** What the user should know of the results; null for nothing. */
    String problem() {
        return problem;
    }

    /** Begins anew. A phone that has no encoder for this size gets masks only. */
    void begin(int width, int height, float framesPerSecond) throws IOException {
        clear();
        if (!masks.isDirectory() && !masks.mkdirs()) {
            throw new IOException("cannot make " + masks);
        }
        checkRoom();
        png = new PalettePng(width, height);
        try {
            writer = new VideoWriter(unfinished, width, height, framesPerSecond);
        } catch (VideoException error) {
            problem = error.getMessage();
        }
    }

    /**
     * Adds a frame.
     *
     * @param picture the frame with its objects drawn on it
     * @throws VideoException the phone is nearly full; what there is can be saved
     */
    void add(RgbImage picture, Mask mask, long timeUs) throws IOException {
        checkRoom();
        try (OutputStream stream = new BufferedOutputStream(new FileOutputStream(mask(frames)))) {
            png.write(mask, stream);
        }
        if (writer != null) {
            try {
                writer.add(picture, timeUs);
            } catch (VideoException error) {
                giveUpVideo(error);
            }
        }
        frames++;
    }

    /** Makes the files whole. */
    void finish() {
        if (png != null) {
            png.close();
            png = null;
        }
        if (writer == null) {
            return;
        }
        try {
            writer.finish();
            writer.close();
            writer = null;
            if (!unfinished.renameTo(video)) {
                problem = context.getString(R.string.disk_full);
            }
        } catch (VideoException error) {
            giveUpVideo(error);
        }
    }

    /** Copies the mp4 to a document that the user chose; none is left where that fails. */
    void saveVideo(Uri document) throws IOException {
        if (!hasVideo()) {
            Documents.delete(context.getContentResolver(), document);
            throw new VideoException(context.getString(R.string.results_gone));
        }
        Documents.copy(context, video, document);
    }

    /** Copies the masks to a new folder, whose name it gives; none is left where that fails. */
    String saveMasks(Uri tree, String videoName) throws IOException {
        if (frames == 0) {
            throw new VideoException(context.getString(R.string.results_gone));
        }
        String folder = videoName.replaceAll("\\.[^.]*$", "") + "-masks";
        File[] files = new File[frames];
        for (int index = 0; index < frames; index++) {
            files[index] = mask(index);
        }
        Documents.copyToNewFolder(context, files, tree, folder, "image/png");
        return folder;
    }

    /** Deletes everything. */
    void clear() {
        if (writer != null) {
            writer.close();
            writer = null;
        }
        unfinished.delete();
        video.delete();
        File[] old = masks.listFiles();
        if (old != null) {
            for (File file : old) {
                file.delete();
            }
        }
        frames = 0;
        problem = null;
    }

    private void giveUpVideo(VideoException error) {
        writer.close();
        writer = null;
        unfinished.delete();
        problem = error.getMessage();
    }

    private void checkRoom() {
        if (context.getFilesDir().getUsableSpace() < LEAST_FREE) {
            throw new VideoException(context.getString(R.string.disk_nearly_full));
        }
    }

    private File mask(int index) {
        return new File(masks, String.format(Locale.ROOT, "%05d.png", index));
    }
}
