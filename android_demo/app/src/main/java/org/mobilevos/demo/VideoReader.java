package org.mobilevos.demo;

import android.content.Context;
import android.content.res.AssetFileDescriptor;
import android.media.Image;
import android.media.MediaCodec;
import android.media.MediaCodecInfo;
import android.media.MediaExtractor;
import android.media.MediaFormat;
import android.net.Uri;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.mobilevos.core.Latency;
import org.mobilevos.core.RgbImage;

/**
 * Frames of a video file, upright, one at a time, and made smaller where they are very large. For one thread at a
 * time.
 */
final class VideoReader implements Closeable {
    private static final long WAIT_US = 10 * 1000;
    // A decoder that gives nothing after so many waits has stopped. A clock would also count the time for which Android
    // froze the app.
    private static final int PATIENCE = 500;
    private static final int NO_BUFFER = -1;

    /** What the file says of its frames. */
    final VideoFormat format;
    private final MediaExtractor extractor = new MediaExtractor();
    private final MediaCodec.BufferInfo info = new MediaCodec.BufferInfo();
    private final YuvFrames frames;
    private MediaCodec decoder;
    private int output = NO_BUFFER;
    private boolean fed;
    private boolean ended;
    // The time of the last frame that came out, wanted or not.
    private long passedUs;
    private RgbImage picture;
    private long timeUs;
    private double convertMs;

    /** A source of bytes. */
    private interface Source {
        void give(MediaExtractor extractor) throws IOException;
    }

    /**
     * Opens a file that the user chose, before its first frame.
     *
     * @throws VideoException it has no video that can be decoded here, is damaged, or HDR
     */
    static VideoReader open(final Context context, final Uri uri) {
        return new VideoReader(new Source() {
            @Override
            public void give(MediaExtractor extractor) throws IOException {
                extractor.setDataSource(context, uri, null);
            }
        });
    }

    /** Opens an asset that is not compressed; throws as {@link #open}. */
    static VideoReader openAsset(final Context context, final String name) {
        return new VideoReader(new Source() {
            @Override
            public void give(MediaExtractor extractor) throws IOException {
                try (AssetFileDescriptor file = context.getAssets().openFd(name)) {
                    extractor.setDataSource(file.getFileDescriptor(), file.getStartOffset(), file.getLength());
                }
            }
        });
    }

    private VideoReader(Source source) {
        boolean opened = false;
        try {
            source.give(extractor);
            MediaFormat track = selectTrack();
            format = new VideoFormat(track);
            frames = new YuvFrames(format.rotation, format.divisor, format.encoding);
            startDecoder(track);
            opened = true;
        } catch (IOException error) {
            throw new VideoException("the file cannot be read as a video; choose another, or copy it again", error);
        } catch (SecurityException error) {
            throw new VideoException("the app may not read this file any more; choose it again", error);
        } catch (VideoException error) {
            throw error;
        } catch (RuntimeException error) { // of the framework's native half, on damaged files
            throw new VideoException("the file is damaged or no video; choose another, or copy it again", error);
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    /** The frame that {@link #next} decoded; the next call overwrites it. Null before the first. */
    RgbImage picture() {
        return picture;
    }

    /** The time of that frame in microseconds. */
    long timeUs() {
        return timeUs;
    }

    /** The milliseconds that the frame's conversion to RGB took, without decoding. */
    double convertMs() {
        return convertMs;
    }

    /**
     * Decodes the first frame that is not before a time, or the last of all. Takes the longer, the rarer key frames
     * are.
     *
     * @throws VideoException the file is damaged there
     */
    void seek(long toUs) {
        try {
            if (!decodeAt(toUs)) {
                decodeAt(passedUs);
            }
        } catch (IllegalStateException error) { // MediaCodec.CodecException is one
            throw damaged(error);
        }
    }

    /**
     * Decodes the next frame.
     *
     * @return false at the end
     * @throws VideoException the file is damaged from here on, or the frames are HDR
     */
    boolean next() {
        try {
            return decode(Long.MIN_VALUE);
        } catch (IllegalStateException error) {
            throw damaged(error);
        }
    }

    @Override
    public void close() {
        if (decoder != null) {
            decoder.release();
            decoder = null;
        }
        extractor.release();
    }

    private boolean decodeAt(long notBeforeUs) {
        releaseOutput();
        extractor.seekTo(notBeforeUs, MediaExtractor.SEEK_TO_PREVIOUS_SYNC);
        decoder.flush();
        fed = false;
        ended = false;
        return decode(notBeforeUs);
    }

    private boolean decode(long notBeforeUs) {
        for (int waits = 0; waits < PATIENCE && !ended; waits++) {
            feed();
            output = decoder.dequeueOutputBuffer(info, WAIT_US);
            if (output < 0) {
                continue;
            }
            waits = 0;
            boolean wanted = info.size > 0 && info.presentationTimeUs >= notBeforeUs;
            // Some decoders say it with the last frame, others with an empty one behind it.
            ended = (info.flags & MediaCodec.BUFFER_FLAG_END_OF_STREAM) != 0;
            if (wanted) {
                convert();
            }
            passedUs = info.size > 0 ? info.presentationTimeUs : passedUs;
            releaseOutput();
            if (wanted) {
                return true;
            }
        }
        if (ended) {
            return false;
        }
        throw new VideoException("the phone's decoder has stopped; choose another video, or restart the phone");
    }

    private void convert() {
        Image image = decoder.getOutputImage(output);
        if (image == null) {
            throw new VideoException(
                    "the phone's decoder does not give frames that can be read; convert the video to H.264");
        }
        if (picture == null) {
            picture = frames.newPicture(image);
        }
        long begin = System.nanoTime();
        frames.convert(image, picture);
        convertMs = Latency.between(begin, System.nanoTime());
        timeUs = info.presentationTimeUs;
        image.close();
    }

    /** Gives the decoder all that it takes. */
    private void feed() {
        while (!fed) {
            int input = decoder.dequeueInputBuffer(0);
            if (input < 0) {
                return;
            }
            ByteBuffer buffer = decoder.getInputBuffer(input);
            int size = extractor.readSampleData(buffer, 0);
            if (size < 0) {
                decoder.queueInputBuffer(input, 0, 0, 0, MediaCodec.BUFFER_FLAG_END_OF_STREAM);
                fed = true;
            } else {
                decoder.queueInputBuffer(input, 0, size, extractor.getSampleTime(), 0);
                extractor.advance();
            }
        }
    }

    private void releaseOutput() {
        if (output >= 0) {
            decoder.releaseOutputBuffer(output, false);
            output = NO_BUFFER;
        }
    }

    private MediaFormat selectTrack() {
        for (int track = 0; track < extractor.getTrackCount(); track++) {
            MediaFormat format = extractor.getTrackFormat(track);
            if (format.getString(MediaFormat.KEY_MIME).startsWith("video/")) {
                extractor.selectTrack(track);
                return format;
            }
        }
        throw new VideoException("the file has no picture; choose a video");
    }

    private void startDecoder(MediaFormat track) {
        track.setInteger(MediaFormat.KEY_COLOR_FORMAT, MediaCodecInfo.CodecCapabilities.COLOR_FormatYUV420Flexible);
        try {
            decoder = MediaCodec.createDecoderByType(format.mime);
            decoder.configure(track, null, null, 0);
            decoder.start();
        } catch (IOException error) {
            throw undecodable(error);
        } catch (RuntimeException error) {
            throw undecodable(error);
        }
    }

    private VideoException undecodable(Exception error) {
        return new VideoException(
                "this phone cannot decode " + format.mime + " of this size; convert the video to H.264", error);
    }

    private static VideoException damaged(Exception error) {
        return new VideoException("the video is damaged from here on; what comes before it can be used", error);
    }
}
